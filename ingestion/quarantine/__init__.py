"""The steward's work on quarantined rows: mend a row or accept it, replay what may pass now.

open rows -> (`fix`) -> fixed rows; open and fixed rows -> `replay` -> the gate with today's rules -> staging, the lake
and the ledger like any load; what is still bad stays, with today's reasons. Every step is kept in the row's trail.

    python -m ingestion.quarantine new_smell user_interaction_events          replay one entity
"""

from ingestion.quarantine.fixing import QuarantineError, fix
from ingestion.quarantine.replaying import replay, take_in_freed

__all__ = ["QuarantineError", "fix", "replay", "take_in_freed"]
