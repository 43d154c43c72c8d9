"""How fast the portal is: ratios measured in turn within one run, beside their floors and goals."""
