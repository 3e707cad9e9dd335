// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/debias.h"

#include <algorithm>
#include <array>

namespace plumbline {
namespace {

/// Those of every re-ranking, then `more`.
std::vector<DebiasParameter> rankingParameters(std::initializer_list<DebiasParameter> more = {}) {
    std::vector<DebiasParameter> all = {
        {"target", "uniform",
         "wanted shares of the first images: uniform, pool (those of the ranked images), or GROUP:SHARE,GROUP:SHARE"},
        {"k", "audit",
         "how many of the first images are re-ranked: a number, or a share such as 10%; audit: the audit's own k"},
        {"labels", "given", "given, or predicted: by a Gaussian classifier that is fitted on the fit images"}};
    all.insert(all.end(), more);
    return all;
}

const std::vector<DebiasMethodInfo>& methods() {
    static const std::vector<DebiasMethodInfo> table = {
        {"joint-vl",
         "Joint vision-language removal",
         "Two small residual heads on frozen embeddings learn to predict the same bias from an image and from its "
         "caption, and to be indifferent between the caption and its counterfactual: t' = t + g(t), x' = x + g(f(x) + "
         "x).",
         "Zhang, Guo, Kankanhalli, CVPR 2025. Images are shuffled and every race may be a counterfactual "
         "unless `published` is on; the epoch is chosen on held-out images, by MaxSkew of the captions and "
         "similarities "
         "that are kept, instead of ABLE. Texts: a caption of each group, or a factual and a counterfactual one of "
         "each "
         "image.",
         DebiasTarget::ImagesAndTexts,
         true,
         true,
         {{"alpha", "0.3", "weight of the counterfactual loss; the alignment loss has the rest"},
          {"tau", "0.07", "temperature of all softmaxes"},
          {"M", "8192", "length of both queues (65536 in the paper)"},
          {"B", "512", "images a step"},
          {"lr", "5e-6", "learning rate of Adam"},
          {"epochs", "100", "at most"},
          {"patience", "10", "evaluations without gain after which the fit ends"},
          {"every", "2", "epochs between two evaluations"},
          {"hidden1", "512", "width of the image head"},
          {"hidden2", "1024", "width of the shared head"},
          {"momentum", "0.995", "of the copies that make soft targets"},
          {"published", "off",
           "images in their own order in every epoch, and of races the counterfactual ones as the published code draws "
           "them, never the last"}}},
        {"cf-alpha",
         "CF-alpha head (a stand-in)",
         "A residual head on frozen image embeddings, x' = x + alpha g(x), trained so that the variants of a "
         "counterfactual set (a group of the attribute) coincide and still find their caption. Texts: a caption of "
         "each set in the order of their names, or of each image. The method itself fine-tunes the encoder: plumb "
         "train --counterfactual.",
         "After Abdel Magid, Wang, Kafle, Pfister 2024: loss and settings are a reconstruction, the head "
         "a "
         "stand-in for the fine-tuned encoder.",
         DebiasTarget::Images,
         true,
         true,
         {{"beta0", "0.3", "weight of the cohesion loss"},
          {"beta1", "1", "weight of the contrastive loss"},
          {"hidden", "256", "width of the head; 0: a linear head"},
          {"tau", "0.01", "temperature of the contrastive loss; the model's own is 1 / logit scale"},
          {"lr", "1e-4", "learning rate of AdamW"},
          {"decay", "0.1", "weight decay of AdamW"},
          {"epochs", "3", "passes over the sets at most; the best is kept"},
          {"patience", "3", "epochs without gain after which the fit ends"},
          {"B", "64", "sets a step"},
          {"alpha", "1", "share of the head in the result, in its last layer's weights"}}},
        {"interpolation",
         "Model interpolation",
         "The models between this one and another of the same shape, weight by weight: (1 - alpha) this + alpha the "
         "other; its strength is alpha. With a model that was fine-tuned on counterfactual sets (plumb train "
         "--counterfactual) this is CF-alpha.",
         "Wortsman et al., CVPR 2022 (robust fine-tuning); Abdel Magid, Wang, Kafle, Pfister 2024.",
         DebiasTarget::Weights,
         false,
         false,
         {{"model", "", "folder or file of the other model"},
          {"steps", "5",
           "how many alphas above 0 are tried, 1 to 20: with each the images to choose and to audit are embedded "
           "anew"}}},
        {"mean-difference",
         "Mean difference",
         "The direction between the groups' mean embeddings is projected out of the images, x' = x - (x r) r (several "
         "groups: the span of their centred means), or every image is shifted along it.",
         "Textbook; as a guidance direction in RAVE.",
         DebiasTarget::Images,
         true,
         false,
         {{"mode", "project", "project or shift; a shift needs an attribute of two groups"},
          {"beta", "1",
           "length of the shift of the unit embeddings: towards the second group of the attribute, negative towards "
           "the first"},
          {"apply", "images", "images, texts or both: what is changed; the direction is always the images'"}}},
        {"leace",
         "LEACE",
         "The smallest affine change after which no linear classifier reads the attribute from the images it was "
         "fitted on: x' = x - W+ U U^T W (x - mean). Unit length, as for a cosine, brings a little of it back.",
         "Belrose et al., NeurIPS 2023.",
         DebiasTarget::Images,
         true,
         false,
         {{"shrinkage", "off", "covariance shrunk towards a multiple of the identity"},
          {"tolerance", "auto",
           "singular values of the whitened cross-covariance below it are left, with orth a share of the largest; "
           "auto: those that rounding makes; the published package has 0.01"},
          {"orth", "off", "the orthogonal projection off the groups' means instead of the smallest change"},
          {"apply", "images",
           "images, texts or both: what is changed; texts get the same linear part around the mean of the given "
           "ones"}}},
        {"inlp",
         "INLP",
         "Linear classifiers are fitted one after the other, and the direction of each is projected out, until on a "
         "fifth of the images, held out, none does better than the majority, nor than chance with equal groups.",
         "Ravfogel et al., ACL 2020.",
         DebiasTarget::Images,
         true,
         false,
         {{"rank", "20", "directions to remove at most"},
          {"epsilon", "0.01", "accuracy above the majority, and above chance with equal groups, at which it ends"},
          {"l2", "1", "penalty of the classifiers, on unit embeddings"},
          {"apply", "images", "images, texts or both: what is changed; the directions are always the images'"}}},
        {"biased-prompts",
         "Biased prompts",
         "Prompts that say nothing but the attribute span what is projected out of the texts; pairs of prompts that "
         "should coincide calibrate it: t' = norm(P0 (I + lambda M)^-1 t).",
         "Chuang et al. 2023.",
         DebiasTarget::Texts,
         false,
         true,
         {{"spurious", "", "rows of the texts that say nothing but the attribute: 0,1,2 or 0-5; needed"},
          {"pairs", "", "pairs of rows that should coincide: 6-7,8-9; none: the orthogonal projection alone"},
          {"lambda", "1000", "strength of the calibration"},
          {"apply", "texts", "texts, images or both: what is changed; texts alone in the paper"}}},
        {"bend",
         "BEND-VLM",
         "Each query loses its part along the spurious prompts, then its part along the differences between the mean "
         "embeddings of its nearest reference images in each group (in closed form).",
         "Gerych et al., NeurIPS 2024.",
         DebiasTarget::Texts,
         true,
         false,
         {{"spurious", "", "rows of the texts that say nothing but the attribute; none: step 2 alone"},
          {"pairs", "", "pairs of rows whose half difference is projected out, too"},
          {"n", "100", "nearest reference images of each group (100 for gender, 10 for race in the paper)"}}},
        {"clip-clip",
         "CLIP-clip",
         "The coordinates of the unit image embeddings that share most information with the attribute, each taken for "
         "itself, become 0 in images and texts; the cosine is that of the coordinates that are left.",
         "Wang, Liu, Wang, EMNLP 2021; estimator of Zhang et al. 2025. The histogram smooths the "
         "coordinate alone, not one group into the next.",
         DebiasTarget::ImagesAndTexts,
         true,
         false,
         {{"m", "auto", "coordinates that are kept; auto: 78 % of them, 400 of 512"},
          {"estimator", "mixed-ksg", "of the mutual information: mixed-ksg or histogram (64 bins, smoothed)"},
          {"k", "5", "neighbours of mixed-ksg; a group without more images takes no part"}}},
        {"sfid",
         "SFID",
         "The coordinates by which a random forest tells the groups apart are overwritten by their mean over the "
         "images, "
         "of a fifth that it has not seen, that the forest is unsure of.",
         "Jung, Jang, Wang, NeurIPS 2024. Texts have no forest of their own: they get the same "
         "coordinates, "
         "with the means of the given texts.",
         DebiasTarget::ImagesAndTexts,
         true,
         false,
         {{"m", "auto", "coordinates that are overwritten; auto: 50 of 512, as many in proportion, at least 1"},
          {"t", "0.7", "class probability below which an image counts as unsure; none: the least sure 1 %"},
          {"trees", "100", "of the forest"},
          {"apply", "images", "images, texts or both"}}},
        {"fairer-clip",
         "FairerCLIP",
         "Images and texts are mapped by random Fourier features onto the few directions that depend most on the "
         "texts' classes and least on the attribute. An image's class is the text nearest to it, again after each "
         "round.",
         "Dehdashtian, Wang, Boddeti, ICLR 2024, without class labels; how several directions of the two "
         "modalities are turned towards each other is ours.",
         DebiasTarget::ImagesAndTexts,
         true,
         true,
         {{"features", "1000", "random Fourier features of each modality (4000 and 1000 in the paper)"},
          {"tau_i", "0.7", "weight of the attribute for images, below 1: it counts tau / (1 - tau) times the classes"},
          {"tau_zi", "0.3", "weight of the texts for images, below 1"},
          {"tau_t", "0.1", "weight of the attribute for texts, below 1"},
          {"tau_zt", "0.1", "weight of the images for texts, below 1"},
          {"gamma_i", "3e-5", "ridge for images"},
          {"gamma_t", "3e-4", "ridge for texts"},
          {"dim", "0",
           "directions that are kept at most; 0: by the paper's rule, one fewer than the classes at most and as many "
           "as hold 95 % of the squared eigenvalues"},
          {"iterations", "3", "rounds of images and texts in turn"}}},
        {"gap-shift",
         "Modality-gap shift",
         "Images and texts are moved towards each other, or apart, along the difference of their means: "
         "x' = norm(x - lambda d), t' = norm(t + lambda d).",
         "Liang et al., NeurIPS 2022.",
         DebiasTarget::ImagesAndTexts,
         false,
         true,
         {{"lambda", "0.5", "share of the gap by which each is moved; 0.5 closes it; negative widens it"}}},
        {"det-greedy", "DetGreedy",
         "The images of a prompt are taken by score, unless a group would fall below or rise "
         "above its target share.",
         "Geyik, Ambler, Kenthapadi, KDD 2019.", DebiasTarget::Ranking, true, false, rankingParameters()},
        {"det-cons", "DetCons", "As DetGreedy; above the least share, the group whose next image is most urgently due.",
         "Geyik, Ambler, Kenthapadi, KDD 2019.", DebiasTarget::Ranking, true, false, rankingParameters()},
        {"det-relaxed", "DetRelaxed", "As DetCons, with due places rounded up to whole ones and ties by score.",
         "Geyik, Ambler, Kenthapadi, KDD 2019.", DebiasTarget::Ranking, true, false, rankingParameters()},
        {"det-const-sort", "DetConstSort",
         "Every group's next image gets the last place at which it is due, and moves "
         "up by score as far as the others' places allow.",
         "Geyik, Ambler, Kenthapadi, KDD 2019, with the index of the public code mended.", DebiasTarget::Ranking, true,
         false, rankingParameters()},
        {"fa-ir", "FA*IR",
         "At every place at least so many images of the protected group that a draw with its share p would have fewer "
         "with "
         "a chance below alpha; otherwise the best image.",
         "Zehlike et al., CIKM 2017, with adjusted alpha.", DebiasTarget::Ranking, true, false,
         rankingParameters(
             {{"protected", "", "the protected group; none: the smallest group of the fit images"},
              {"p", "auto", "least share of the protected group, 0.02 to 0.98; auto: its share in the target"},
              {"alpha", "0.1", "0.01 to 0.15"},
              {"adjust", "on",
               "alpha is lowered until the tests at all places together fail a fair ranking with at most that "
               "chance"}})},
        {"gda",
         "Gaussian discriminant removal",
         "A training-free Gaussian classifier says how likely each group is for an image; the expected offset of its "
         "group's mean is taken out: x' = x - sum p(g | x) (mean_g - mean).",
         "Classifier: Wang et al., ICLR 2024; its use as an eraser is ours.",
         DebiasTarget::Images,
         true,
         false,
         {{"temperature", "auto",
           "by which the classifier's logits are divided, 0.0001 to 10000; auto: the one with the least cross entropy "
           "on "
           "a fifth of the images"}}},
        {"logit-bias",
         "Logit bias",
         "A constant b for each text of a fixed list is added to its logit, times a gate kappa that is small where the "
         "model is sure of an image: s' = s + kappa b / 100. b is given, or fitted so that the mean predicted shares "
         "of "
         "the texts on the fit images are the target's; groups play no part in it.",
         "After Tang et al., CVPR 2024: the gate (m4 / 250)^-0.4 is theirs, the constants in place of "
         "their auxiliary classifier a reconstruction.",
         DebiasTarget::Scores,
         false,
         true,
         {{"bias", "", "logits by row of the texts: 0:0.5,3:-1, other rows 0; none: fitted to the target"},
          {"target", "uniform", "wanted mean shares: uniform, or ROW:SHARE for every text; scaled to sum 1"},
          {"gate", "moment",
           "kappa from the softmax p over the texts. moment: (m4 / reference)^-rho, m4 the 4th standardised moment of "
           "p; "
           "entropy: (entropy / its maximum)^rho; max: (largest p)^-rho; none: 1"},
          {"rho", "0.4", "power of the gate; 0: no gate"},
          {"reference", "auto", "of the moment; auto: a quarter of the number of texts, the paper's 250 for 1000"},
          {"logit_scale", "100", "logits a cosine"}}},
        {"prompt-array",
         "Prompt array (import)",
         "A published array of learnt tokens is put before every text, by the encoder; the image embeddings stay. Only "
         "plumb "
         "audit and plumb debias compare, which have the model, can apply it.",
         "Berg et al., AACL 2022.",
         DebiasTarget::Texts,
         false,
         false,
         {{"file", "", "the checkpoint; needed"}},
         true},
        {"residual-head",
         "Residual heads (import)",
         "A checkpoint of the published joint-removal code is applied to raw embeddings.",
         "Zhang, Guo, Kankanhalli, CVPR 2025.",
         DebiasTarget::ImagesAndTexts,
         false,
         false,
         {{"file", "", "the checkpoint; needed"}},
         true},
    };
    return table;
}

} // namespace

std::string_view debiasTargetName(DebiasTarget target) {
    constexpr std::array<std::string_view, 6> names = {"images",  "texts",  "images and texts",
                                                       "ranking", "scores", "weights"};
    return names[static_cast<std::size_t>(target)];
}

std::span<const DebiasMethodInfo> allDebiasMethods() {
    return methods();
}

const DebiasMethodInfo* findDebiasMethod(std::string_view name) {
    const auto found = std::ranges::find(methods(), name, &DebiasMethodInfo::name);
    return found == methods().end() ? nullptr : &*found;
}

std::string_view DebiasConfig::parameter(std::string_view name) const {
    if (const auto given = std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
        given != parameters.end())
        return given->second;
    if (const DebiasMethodInfo* info = findDebiasMethod(method))
        for (const DebiasParameter& parameter : info->parameters)
            if (parameter.name == name)
                return parameter.standard;
    return {};
}

std::vector<DebiasRecipe> studyRecipes() {
    const auto step = [](std::string name, std::vector<std::pair<std::string, std::string>> parameters = {}) {
        return DebiasConfig{std::move(name), {}, std::move(parameters), 0};
    };
    const std::vector<std::pair<std::string, std::string>> predicted = {{"labels", "predicted"}};
    return {{{step("mean-difference")}},
            {{step("mean-difference", {{"apply", "both"}})}},
            {{step("leace")}},
            {{step("leace", {{"apply", "both"}})}},
            {{step("inlp")}},
            {{step("biased-prompts")}},
            {{step("biased-prompts", {{"pairs", ""}})}},
            {{step("bend")}},
            {{step("clip-clip")}},
            {{step("sfid")}},
            {{step("fairer-clip")}},
            {{step("gap-shift")}},
            {{step("gda")}},
            {{step("joint-vl")}},
            {{step("det-cons", predicted)}},
            {{step("det-const-sort", predicted)}},
            {{step("fa-ir", predicted)}},
            {{step("mean-difference"), step("det-cons", predicted)}},
            {{step("leace"), step("det-cons", predicted)}},
            {{step("mean-difference"), step("gap-shift")}},
            {{step("det-cons", {{"labels", "given"}})}}};
}

} // namespace plumbline
