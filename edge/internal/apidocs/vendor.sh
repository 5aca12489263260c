#!/usr/bin/env bash
# Fetches Swagger UI from npm, checks it against the integrity below, and keeps the files
# that are needed in swagger/. To take a newer version, change both, run this, and look
# at /docs.
set -euo pipefail
cd "$(dirname "$0")"

version=5.35.0
integrity=sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "swagger-ui-dist@$version" >/dev/null
package=$work/swagger-ui-dist-$version.tgz
if [ "sha512-$(openssl dgst -sha512 -binary "$package" | base64 -w 0)" != "$integrity" ]; then
	echo "the package is not the one that is meant" >&2
	exit 1
fi
tar -xzf "$package" -C "$work"
mkdir -p swagger
for file in swagger-ui.css swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt; do
	install -m 644 "$work/package/$file" swagger/
done
# What asks for a map that is not here would only make an error in the console.
sed -i '/^\/\/# sourceMappingURL=/d' swagger/swagger-ui-bundle.js
sed -i '/^\/\*# sourceMappingURL=/d' swagger/swagger-ui.css
install -m 644 "$work/package/LICENSE" swagger/LICENSE.txt
install -m 644 "$work/package/NOTICE" swagger/NOTICE.txt
cat >swagger/README.md <<END
Swagger UI $version (npm: swagger-ui-dist), Apache-2.0, as ../vendor.sh fetched it. Nothing here is
changed but for the lines that name source maps.

Integrity: $integrity
END
