#!/bin/sh
# Installs the crawlers that `make bench` measures beside onpoint into .tools/bench-rivals, pinned, once.
set -eu
cd "$(dirname "$0")/.."
folder=.tools/bench-rivals
scrapy=2.19.0 crawlee=3.18.1 colly=v2.3.0
stamp="scrapy $scrapy, crawlee $crawlee, colly $colly"
[ "$(cat "$folder/stamp" 2>/dev/null || true)" = "$stamp" ] && exit 0
rm -rf "$folder"
mkdir -p "$folder/crawlee" "$folder/colly-build"
echo "bench: installing $stamp (once)" >&2
python3 -m venv "$folder/scrapy"
"$folder/scrapy/bin/pip" install --quiet --disable-pip-version-check "scrapy==$scrapy"
(cd "$folder/crawlee" && echo '{"private":true}' >package.json &&
  npm install --silent --no-audit --no-fund --ignore-scripts "@crawlee/cheerio@$crawlee")
cp test/bench/crawl/rivals/colly/main.go "$folder/colly-build/"
(cd "$folder/colly-build" && go mod init colly-pages 2>/dev/null &&
  go get "github.com/gocolly/colly/v2@$colly" && go build -o ../colly .)
rm -rf "$folder/colly-build"
echo "$stamp" >"$folder/stamp"
