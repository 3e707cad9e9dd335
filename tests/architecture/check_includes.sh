#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may know whom (README.md, "The house"). Fails and names the line of every include that breaks a rule.
set -euo pipefail
cd "${1:?usage: check_includes.sh REPOSITORY}"

# folder: the folders it may include (besides itself)
declare -A may=(
    [core/base]=""
    [core/data]="core/base"
    [core/formats]="core/base core/data"
    [core/text]="core/base core/data core/formats"
    [core/image]="core/base core/data"
    [core/metric]="core/base core/data"
    [core/probe]="core/base core/data core/formats"
    [core/store]="core/base core/data"
    [core/report]="core/base core/data core/metric"
    [core/clip]="core/base core/data core/formats core/text core/image"
    [core/debias]="core/base core/data core/formats core/metric core/clip"
    [core/audit]="core/base core/data core/formats core/text core/image core/clip core/metric core/debias core/probe core/store"
    [core/sample]="core/base core/data core/formats core/text core/image core/clip core/metric core/probe core/store core/debias core/audit"
    [ui/bridge]="core/base core/data core/metric core/probe core/store core/report"
    [ui/models]="core/base core/data core/metric core/probe core/store core/report ui/bridge"
    [ui/widgets]="core/base core/data core/metric core/probe core/store core/report ui/bridge ui/models"
    [ui/charts]="core/base core/data core/metric core/probe core/store core/report ui/bridge ui/models ui/widgets"
    [ui/pages]="core/base core/data core/metric core/probe core/store core/report ui/bridge ui/models ui/widgets ui/charts"
    [app/cli]="core/base core/data core/formats core/text core/image core/metric core/probe core/store core/report core/clip core/debias core/audit core/sample"
    [app/window]="core/base core/data core/store core/report ui/bridge ui/models ui/widgets ui/charts ui/pages"
)
# header prefix: where alone it may be included
declare -A only=(
    ['torch/']="core/clip core/debias" ['ATen/']="core/clip core/debias" ['c10/']="core/clip core/debias" ['Eigen/']="core/debias"
    ['opencv2/']="core/sample" ['png.h']="core/image core/sample" ['jpeglib.h']="core/image" ['tiffio.h']="core/image"
    ['webp/']="core/image" ['gif_lib.h']="core/image"
    ['sqlite3.h']="core/store" ['SQLiteCpp/']="core/store"
    ['qcustomplot.h']="ui/charts"
    ['csv.h']="core/formats" ['zlib.h']="core/formats" ['unicode/']="core/text" ['openssl/']="core/base" ['ctemplate/']="core/report"
)
bad=0
complain() { echo "$1"; bad=1; }

for folder in "${!may[@]}"; do
    [ -d "$folder" ] || { complain "$folder is named in the rules but does not exist"; continue; }
    while IFS=: read -r file number line; do
        [[ $line =~ [\<\"]([^\>\"]*)[\>\"] ]] || continue
        header=${BASH_REMATCH[1]}
        case $header in
            core/* | ui/* | app/*)
                [[ $header =~ ^[^/]*/[^/]* ]] && home=${BASH_REMATCH[0]}
                [ "$home" = "$folder" ] || [[ " ${may[$folder]} " == *" $home "* ]] ||
                    complain "$file:$number: $folder must not know $home"
                ;;
            Q[A-Z]* | Qt*/*)
                [[ $folder == ui/* || $folder == app/window ]] || complain "$file:$number: no Qt in $folder ($header)"
                ;;
        esac
        for prefix in "${!only[@]}"; do
            [[ $header != "$prefix"* || " ${only[$prefix]} " == *" $folder "* ]] ||
                complain "$file:$number: $header belongs to ${only[$prefix]}"
            # A header that shows a third party is private to its folder, but for one that folders with the same right share.
            [ "$file" != core/clip/linear.h ] || continue
            [[ $header != "$prefix"* || $file != *.h ]] ||
                ! grep -rqlF "#include \"$file\"" app core ui tests --include='*.h' --include='*.cpp' --exclude-dir="${folder##*/}" ||
                complain "$file:$number: shows $header to other folders"
        done
    done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include' "$folder" --include='*.h' --include='*.cpp' || true)
done
while read -r folder; do
    [ -n "${may[$folder]+set}" ] || complain "$folder has no rule in tests/architecture/check_includes.sh"
done < <(find core ui app -mindepth 1 -maxdepth 1 -type d | sort)
[ "$bad" = 0 ] && echo "every include keeps to the house rules"
exit "$bad"
