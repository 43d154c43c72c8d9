"""Forms of assets: types, channels, passports, mountings, files."""
