"""What makes a PDF/A-3 a Factur-X (ZUGFeRD): the name of the XML and its metadata.

Factur-X 1.0.7, sections 6.2 and 6.3: four properties in a schema of their own, described in the
file itself, since PDF/A allows no property that it does not know or find described.
"""

XML_NAME = "factur-x.xml"
# The XML says the same in another form (Factur-X 6.2.2: Data, Source or Alternative).
RELATIONSHIP = "Alternative"
_PROPERTIES = {
    "ConformanceLevel": ("EN 16931", "conformance level of the embedded XML"),
    "DocumentFileName": (XML_NAME, "name of the embedded XML file"),
    "DocumentType": ("INVOICE", "type of the document"),
    "Version": ("1.0", "version of the schema of the embedded XML"),
}
_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_END = b"</rdf:RDF>"


def with_factur_x(metadata: bytes) -> bytes:
    """The RDF of a PDF's XMP with the description of Factur-X in it."""
    head, _, rest = metadata.rpartition(_END)
    if not head:
        raise ValueError("the metadata has no rdf:RDF")
    return head + _description().encode() + _END + rest


def _description() -> str:
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _PROPERTIES.items())
    described = "".join(
        f'<rdf:li rdf:parseType="Resource"><p:name>{name}</p:name>'
        "<p:valueType>Text</p:valueType><p:category>external</p:category>"
        f"<p:description>{text}</p:description></rdf:li>"
        for name, (_, text) in _PROPERTIES.items()
    ).replace("p:", "pdfaProperty:")
    return (
        f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{values}</rdf:Description>'
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas>'
        '<rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{described}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )
