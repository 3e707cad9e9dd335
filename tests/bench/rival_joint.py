#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bench_joint does, written plainly with PyTorch's own layers, losses, autograd and Adam.

  rival_joint.py [IMAGES DIM QUEUE BATCH CAPTIONS EPOCHS]     40000 512 8192 512 126 1
"""
import sys
import time

import torch
import torch.nn.functional as F

sizes = [40000, 512, 8192, 512, 126, 1]
sizes[: len(sys.argv) - 1] = [int(a) for a in sys.argv[1:]]
images_n, dim, queue_n, batch, captions_n, epochs = sizes
ALPHA, TAU, MOMENTUM, RATIO = 0.3, 0.07, 0.995, 0.4
torch.manual_seed(1)


class Mlp(torch.nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.first = torch.nn.Linear(dim, hidden)
        self.second = torch.nn.Linear(hidden, dim)

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))))


def image_path(inner, outer, x):
    return F.normalize(x + outer(inner(x) + x), dim=-1)


def text_path(outer, t):
    return F.normalize(t + outer(t), dim=-1)


inner, outer = Mlp(512), Mlp(1024)
inner_copy, outer_copy = Mlp(512), Mlp(1024)
inner_copy.load_state_dict(inner.state_dict())
outer_copy.load_state_dict(outer.state_dict())
pairs = [(inner, inner_copy), (outer, outer_copy)]
optimiser = torch.optim.Adam([p for model, _ in pairs for p in model.parameters()], lr=5e-6)

images, captions = torch.randn(images_n, dim), torch.randn(captions_n, dim)
factual = torch.arange(images_n) % captions_n
image_queue = F.normalize(torch.randn(dim, queue_n), dim=0)
text_queue = F.normalize(torch.randn(dim, queue_n), dim=0)
at = 0


def step(rows, epoch):
    global at
    with torch.no_grad():
        for model, copy in pairs:
            for p, q in zip(model.parameters(), copy.parameters()):
                q.mul_(MOMENTUM).add_(p, alpha=1 - MOMENTUM)
    x, t1 = images[rows], captions[factual[rows]]
    t2 = captions[(factual[rows] + 1) % captions_n]
    with torch.no_grad():
        unit_x, unit_t = F.normalize(x, dim=-1), F.normalize(t1, dim=-1)
        all_t = torch.cat([unit_t.t(), text_queue], dim=1)
        all_x = torch.cat([unit_x.t(), image_queue], dim=1)
        i2t = F.softmax(unit_x @ all_t / TAU, dim=1)
        t2i = F.softmax(unit_t @ all_x / TAU, dim=1)
        if epoch >= 5:
            i2t = RATIO * F.softmax(image_path(inner_copy, outer_copy, x) @ all_t / TAU, dim=1) + (1 - RATIO) * i2t
            t2i = RATIO * F.softmax(text_path(outer_copy, t1) @ all_x / TAU, dim=1) + (1 - RATIO) * t2i
    new_x, new_t = image_path(inner, outer, x), text_path(outer, t1)
    p_text = F.log_softmax((unit_t - new_t) @ all_t / TAU, dim=1)
    p_image = F.log_softmax((unit_x - new_x) @ all_x / TAU, dim=1)
    alignment = F.kl_div(p_image, p_text, reduction="batchmean", log_target=True)
    said = new_t if torch.rand(()) < 0.5 else text_path(outer, t2)
    counterfactual = 0.5 * (
        -(F.log_softmax(new_x @ all_t / TAU, dim=1) * i2t).sum(1).mean()
        - (F.log_softmax(said @ all_x / TAU, dim=1) * t2i).sum(1).mean()
    )
    loss = ALPHA * counterfactual + (1 - ALPHA) * alignment
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    places = (at + torch.arange(len(rows))) % queue_n
    image_queue[:, places] = unit_x.t()
    text_queue[:, places] = unit_t.t()
    at = (at + len(rows)) % queue_n
    return torch.stack([loss, counterfactual, alignment]).detach() * len(rows)


for epoch in range(epochs):
    started = time.perf_counter()
    sums = sum(step(rows, epoch) for rows in torch.randperm(images_n).split(batch)) / images_n
    print(
        f"epoch {epoch + 1}: {time.perf_counter() - started:.2f} s, loss {sums[0]:.5f} "
        f"(counterfactual {sums[1]:.5f}, alignment {sums[2]:.5f})",
        flush=True,
    )
