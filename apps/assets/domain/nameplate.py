"""The digital nameplate of an asset as an Asset Administration Shell (IDTA 01001-3, JSON).

Names and semantic ids are those of the submodel template IDTA 02006-2-0, Digital Nameplate for
Industrial Equipment; only what the passport knows stands in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

SUBMODEL = "https://admin-shell.io/zvei/nameplate/2/0/Nameplate"
# ECLASS IRDIs of the template's elements.
MEANING = {
    "URIOfTheProduct": "0173-1#02-AAY811#001",
    "ManufacturerName": "0173-1#02-AAO677#002",
    "ManufacturerProductDesignation": "0173-1#02-AAW338#001",
    "SerialNumber": "0173-1#02-AAM556#002",
    "YearOfConstruction": "0173-1#02-AAP906#001",
    "DateOfManufacture": "0173-1#02-AAR972#002",
}
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What the plate says. `uri`: the identification link of IEC 61406, which never changes."""

    uri: str
    manufacturer: str
    designation: str
    serial: str
    manufactured_on: date | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The template's elements in its order, those that are known."""
        made = self.manufactured_on
        named = {
            "URIOfTheProduct": self.uri, "ManufacturerName": self.manufacturer,
            "ManufacturerProductDesignation": self.designation, "SerialNumber": self.serial,
            "YearOfConstruction": "" if made is None else str(made.year),
            "DateOfManufacture": "" if made is None else made.isoformat(),
        }  # fmt: skip
        return {name: text for name, text in named.items() if text}


def environment(plate: Nameplate) -> dict[str, Any]:
    """Shell and submodel, JSON-ready."""
    submodel_id = f"{plate.uri}nameplate/"
    return {
        "assetAdministrationShells": [_shell(plate, submodel_id)],
        "submodels": [{
            "modelType": "Submodel", "id": submodel_id, "idShort": "Nameplate",
            "kind": "Instance", "semanticId": _reference(SUBMODEL),
            "submodelElements": list(_elements(plate)),
        }],
    }  # fmt: skip


def _shell(plate: Nameplate, submodel_id: str) -> dict[str, Any]:
    return {
        "modelType": "AssetAdministrationShell", "id": f"{plate.uri}aas/", "idShort": "Asset",
        "assetInformation": {
            "assetKind": "Instance", "globalAssetId": plate.uri,
            "specificAssetIds": [{"name": "serialNumber", "value": plate.serial}],
        },
        "submodels": [{
            "type": "ModelReference", "keys": [{"type": "Submodel", "value": submodel_id}],
        }],
    }  # fmt: skip


def _elements(plate: Nameplate) -> Iterator[dict[str, Any]]:
    for name, text in plate.fields.items():
        head = {"idShort": name, "semanticId": _reference(MEANING[name])}
        if name in ("ManufacturerName", "ManufacturerProductDesignation"):
            texts = [{"language": language, "text": text} for language in LANGUAGES]
            yield {"modelType": "MultiLanguageProperty", **head, "value": texts}
        else:
            kind = {"URIOfTheProduct": "xs:anyURI", "DateOfManufacture": "xs:date"}
            value_type = kind.get(name, "xs:string")
            yield {"modelType": "Property", **head, "valueType": value_type, "value": text}


def _reference(value: str) -> dict[str, Any]:
    return {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": value}]}
