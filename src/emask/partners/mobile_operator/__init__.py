"""Mobile operators of GSMA Open Gateway, asked over CAMARA's APIs."""

from emask.partners.mobile_operator.adapter import CamaraOperator, OperatorConfig

__all__ = ["CamaraOperator", "OperatorConfig"]
