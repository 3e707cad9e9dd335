#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Habits that a machine can check: the licence line, one way to write Qt's keywords, no paths of anybody's machine.
set -euo pipefail
cd "${1:?usage: check_sources.sh REPOSITORY}"
bad=0
complain() { echo "$1"; bad=1; }
while read -r file; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || complain "$file: no licence line"
done < <(find app core ui tests packaging \( -name '*.h' -o -name '*.cpp' -o -name '*.cmake' -o -name 'CMakeLists.txt' -o -name '*.sh' -o -name '*.py' \) | sort)
while IFS= read -r line; do complain "$line (use Q_SLOTS, Q_SIGNALS, Q_EMIT)"; done < <(
    grep -rnE '^[[:space:]]*(public|private|protected)[[:space:]]+slots:|^[[:space:]]*signals:|^[[:space:]]*emit[[:space:]]' \
        app core ui tests --include='*.h' --include='*.cpp' || true)
while IFS= read -r line; do complain "$line (a path of somebody's machine)"; done < <(
    grep -rnE '(^|[^[:alnum:]_./])/(home|work|root|Users)/' app core ui tests packaging resources README.md --include='*' -I |
        grep -v 'tests/architecture/check_sources.sh' || true)
while IFS= read -r line; do complain "$line (ui/widgets/file_dialog.h: others look into the open project)"; done < <(
    grep -rnE 'QFileDialog::get|QFileDialog [a-z]+\(' app ui --include='*.h' --include='*.cpp' |
        grep -v 'ui/widgets/file_dialog' || true)
for folder in app core/* ui/* resources packaging tests; do
    [ ! -d "$folder" ] || [ -f "$folder/README.md" ] || complain "$folder has no README.md"
done
[ "$bad" = 0 ] && echo "sources keep to the habits"
exit "$bad"
