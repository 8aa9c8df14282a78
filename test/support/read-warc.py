# Reads a WARC file with warcio and prints one JSON line a record: its fields, its HTTP head, and its payload in Base64.
import base64
import json
import sys

from warcio.archiveiterator import ArchiveIterator

with open(sys.argv[1], "rb") as stream:
    for record in ArchiveIterator(stream):
        http = record.http_headers
        print(
            json.dumps(
                {
                    "fields": dict(record.rec_headers.headers),
                    "head": None if http is None else http.statusline,
                    "headers": {} if http is None else {n.lower(): v for n, v in http.headers},
                    "payload": base64.b64encode(record.content_stream().read()).decode(),
                }
            )
        )
