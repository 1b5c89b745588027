"""All steps that a feature may use."""

from emask.features import (
    steps_counter,
    steps_delivery,
    steps_draw,
    steps_identity,
    steps_notices,
    steps_outcomes,
    steps_packing,
    steps_payment,
    steps_people,
    steps_policy,
    steps_preorder,
    steps_rounds,
)

VOCABULARY = steps_rounds.STEPS.joined_by(
    (
        steps_people.STEPS,
        steps_identity.STEPS,
        steps_preorder.STEPS,
        steps_draw.STEPS,
        steps_notices.STEPS,
        steps_payment.STEPS,
        steps_counter.STEPS,
        steps_policy.STEPS,
        steps_delivery.STEPS,
        steps_packing.STEPS,
        steps_outcomes.STEPS,
    )
)
