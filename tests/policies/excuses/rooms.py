"""Why some changes of the code that controls share are noticed by no example."""

from __future__ import annotations

COMPARED_WITH_ITSELF = "any word will do, as it is compared with itself alone"
VALUE_ALONE = "the value alone is judged; all judges of the table are called alike"
SAVES_TIME = "looking for the word first only saves time"
ANY_REGION = "in_a_region_at_home_if_any: in_a_region_at_home(region, found) -> in_a_region_at_home(region, None)"
NEVER_ASKED = "of a storage account nobody asks what speaks of it"

LOGIC: dict[str, dict[str, str]] = {
    "networks.neighbours": {
        f'_place: "{word}" -> "{other}"': COMPARED_WITH_ITSELF
        for word in ("named", "made", "unknown")
        for other in (f"XX{word}XX", word.upper())
    },
    "networks.addresses": {
        "_network: ip_network(value[:], strict=False) -> ip_network(value[:], strict=None)": "no less false",
    },
    "capacity.gpus": {
        'sharing_in: if not isinstance(text, str) or "sharing" not in text: ... -> if False: ...': SAVES_TIME,
        (
            'sharing_in: not isinstance(text, str) or "sharing" not in text -> '
            'not isinstance(text, str) and "sharing" not in text'
        ): SAVES_TIME,
    },
    "models.served_models": {
        **{f'ServedModel._metadata: "spec" -> "{other}"': "this name is dropped" for other in ("XXspecXX", "SPEC")},
        "ServedModel._metadata: if above: ... -> if True: ...": "the same labels once more",
    },
    "models.routed_models": {
        f'_statement_stays: "aws:RequestedRegion" -> "{other}"': "keys of conditions are read in any case"
        for other in ("aws:requestedregion", "AWS:REQUESTEDREGION")
    },
    "workloads.program_options": {
        "options: Word(_DASHES, container) -> Word(_DASHES, None)": "the end of the words is never shown",
        "options: value.strip(_AROUND) -> value.strip(None)": "the word has been stripped already",
    },
    "networks.private_ranges": {
        "network: ip_network(text[:], strict=False) -> ip_network(text[:], strict=None)": "no less false",
    },
    "geography.replicas": {
        ANY_REGION: VALUE_ALONE,
        (
            "at_a_location_at_home_if_any: at_a_location_at_home(location, found) -> "
            "at_a_location_at_home(location, None)"
        ): VALUE_ALONE,
        (
            'in_regions_it_names: in_a_region_at_home_if_any(regions["regionName"], found) -> '
            'in_a_region_at_home_if_any(regions["regionName"], None)'
        ): VALUE_ALONE,
        "is_not_made_a_member: is_no_member(worldwide, found) -> is_no_member(worldwide, None)": VALUE_ALONE,
    },
    "ownership.store_keys": {
        "spoken_of: if store.type == ACCOUNT: ... -> if False: ...": "nothing speaks of a storage account",
        **{
            f"spoken_of: Companions((), ()) -> Companions({arguments})": NEVER_ASKED
            for arguments in ("None, ()", "(), None", "()", "(), ")
        },
    },
}
NEVER_RUN = {"policies.workloads.workload": ("expand",)}
"""Functions that no check calls: what controls declare to read is written out for tests and pages alone."""
