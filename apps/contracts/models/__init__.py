"""Contracts of a provider and a customer: what is covered, at which price, signed by whom."""

from apps.contracts.models.contracts import Contract, ContractItem, Signature
from apps.contracts.models.costs import CostObject
from apps.contracts.models.covers import CoverChange
from apps.contracts.models.credit import CreditUse
from apps.contracts.models.ends import EndNotice
from apps.contracts.models.indices import PriceIndexSeries, PriceIndexValue
from apps.contracts.models.partners import PartnerTerms, SplitVersion, TermsSignature
from apps.contracts.models.plans import PlanProposal, PlanVersion
from apps.contracts.models.refusals import Refusal

__all__ = [
    "Contract",
    "ContractItem",
    "CostObject",
    "CoverChange",
    "CreditUse",
    "EndNotice",
    "PartnerTerms",
    "PlanProposal",
    "PlanVersion",
    "PriceIndexSeries",
    "PriceIndexValue",
    "Refusal",
    "Signature",
    "SplitVersion",
    "TermsSignature",
]
