"""One file per charge model; importing this package registers them all."""

from apps.pricing.models.availability import Availability
from apps.pricing.models.flat_fee import FlatFee
from apps.pricing.models.graduated import Graduated
from apps.pricing.models.maximum import Maximum
from apps.pricing.models.minimum import Minimum
from apps.pricing.models.package import Package
from apps.pricing.models.per_unit import PerUnit
from apps.pricing.models.percentage import Percentage
from apps.pricing.models.shared_saving import SharedSaving
from apps.pricing.models.stairstep import Stairstep
from apps.pricing.models.time_of_use import TimeOfUse
from apps.pricing.models.volume import Volume
from apps.pricing.models.yearly_minimum import YearlyMinimum

__all__ = [
    "Availability", "FlatFee", "Graduated", "Maximum", "Minimum", "Package", "PerUnit",
    "Percentage", "SharedSaving", "Stairstep", "TimeOfUse", "Volume", "YearlyMinimum",
]  # fmt: skip
