"""Where databases and file systems say that they have replicas, and how each of those is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from falaj.catalog.providers import Provider
from policies.control import Situated
from policies.geography.copies import PairedCopies, stays
from policies.geography.named_regions import region_named
from policies.geography.origins import arn_lies_home, is_left_out, is_made_by_aws
from policies.geography.places import lies_in_aws_uae, lies_in_azure_uae, region_of_arn, uae_regions
from policies.node import Node
from policies.outcomes import Outcome
from policies.templates import is_absent


class PairedBackups(PairedCopies):
    """Whether Azure may keep backups of databases in the paired region."""


Judge: TypeAlias = Callable[[Node, Situated], Iterator[Outcome]]
ONE_REGION: Final = "a cluster of this region alone"


def in_a_region_at_home(region: Node, _found: Situated) -> Iterator[Outcome]:
    """Judge a region of AWS."""
    yield from lies_in_aws_uae(region)


def in_a_region_at_home_if_any(region: Node, found: Situated) -> Iterator[Outcome]:
    """Judge a region of AWS, where one is named."""
    if region.value is not None:
        yield from in_a_region_at_home(region, found)


def at_a_location_at_home(location: Node, _found: Situated) -> Iterator[Outcome]:
    """Judge a location of Azure."""
    yield from lies_in_azure_uae(location)


def at_a_location_at_home_if_any(location: Node, found: Situated) -> Iterator[Outcome]:
    """Judge a location of Azure, where one is named."""
    if location.value is not None:
        yield from at_a_location_at_home(location, found)


def in_regions_it_names(regions: Node, found: Situated) -> Iterator[Outcome]:
    """Judge a structure with the region of one more replica, unless the program left it out."""
    if not is_left_out(regions, found.resource):
        yield from in_a_region_at_home_if_any(regions["regionName"], found)


def in_listed_regions(specification: Node, found: Situated) -> Iterator[Outcome]:
    """Judge each region that tables are kept in, unless the program left them out."""
    if not is_left_out(specification, found.resource):
        for region in specification["regionLists"].items():
            yield from lies_in_aws_uae(region)


def in_a_region_or_zone(destination: Node, _found: Situated) -> Iterator[Outcome]:
    """Judge where a file system is copied to: to a zone, or else to a region."""
    zone, region = destination["availabilityZoneName"], destination["region"]
    if region.value is None and zone.value is not None:
        home = uae_regions(Provider.AWS)
        yield from zone.must(lambda value: region_named(value) in home, f"a zone in {', '.join(home)}")
    else:
        yield from lies_in_aws_uae(region)


def at_home(arn: Node, found: Situated) -> Iterator[Outcome]:
    """Judge the region of an ARN."""
    yield from arn_lies_home(arn, found.resource)


def at_home_if_any(arn: Node, found: Situated) -> Iterator[Outcome]:
    """Judge the region of an ARN, where one is named."""
    if arn.value is not None:
        yield from at_home(arn, found)


def by_name_or_at_home(source: Node, found: Situated) -> Iterator[Outcome]:
    """Judge the region of an ARN; a plain name is one of the same region."""
    if not is_made_by_aws(source, found.resource):
        home = (None, *uae_regions(Provider.AWS))
        yield from source.must(
            lambda value: region_of_arn(value) in home, f"a name, or an ARN in {', '.join(uae_regions(Provider.AWS))}"
        )


def is_worldwide(name: Node, _found: Situated) -> Iterator[Outcome]:
    """Find a cluster that is made to have members in other regions."""
    yield name.finding(ONE_REGION)


def is_no_member(worldwide: Node, _found: Situated) -> Iterator[Outcome]:
    """Find a member of such a cluster."""
    yield from is_absent(worldwide, f"nothing: {ONE_REGION}")


def is_not_made_a_member(worldwide: Node, found: Situated) -> Iterator[Outcome]:
    """Find a member of such a cluster, where the provider tells what the program left out."""
    if not is_left_out(worldwide, found.resource):
        yield from is_no_member(worldwide, found)


def has_backups_here(redundancy: Node, found: Situated) -> Iterator[Outcome]:
    """Judge backups that Azure copies to the paired region when told so by a word."""
    allowed = found.plan.parameters(PairedBackups)
    yield from stays(redundancy, found.resource, allowed, here=(None, "Disabled"), paired=("Enabled",))


def has_backups_here_unless_switched(switch: Node, found: Situated) -> Iterator[Outcome]:
    """Judge backups that Azure copies to the paired region when told so by a switch."""
    yield from stays(switch, found.resource, found.plan.parameters(PairedBackups), here=(None, False), paired=(True,))


def has_copies_here(policy: Node, found: Situated) -> Iterator[Outcome]:
    """Judge backups of Cosmos DB: continuous ones lie beside the data, others in the paired region unless told."""
    redundancy = policy["periodicModeProperties"]["backupStorageRedundancy"]
    if not policy["type"].known:
        yield policy["type"].undecided
    elif policy["type"].value != "Continuous":
        allowed = found.plan.parameters(PairedBackups)
        yield from stays(redundancy, found.resource, allowed, here=("Zone", "Local"), paired=("Geo", None))


AWS: Final[Mapping[str, Mapping[str, Judge]]] = {
    "aws:dynamodb/table:Table": {
        "replicas[].regionName": in_a_region_at_home,
        "globalTableWitness": in_regions_it_names,
    },
    "aws:dynamodb/globalTable:GlobalTable": {"replicas[].regionName": in_a_region_at_home},
    "aws:dynamodb/tableReplica:TableReplica": {"globalTableArn": at_home},
    "aws:rds/globalCluster:GlobalCluster": {"globalClusterIdentifier": is_worldwide},
    "aws:rds/cluster:Cluster": {
        "globalClusterIdentifier": is_no_member,
        "replicationSourceIdentifier": by_name_or_at_home,
        "sourceRegion": in_a_region_at_home_if_any,
    },
    "aws:rds/instance:Instance": {"replicateSourceDb": by_name_or_at_home},
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": {"sourceDbInstanceArn": at_home},
    "aws:rds/snapshotCopy:SnapshotCopy": {"destinationRegion": in_a_region_at_home_if_any},
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": {"destinationRegion": in_a_region_at_home_if_any},
    "aws:rds/integration:Integration": {"sourceArn": at_home_if_any, "targetArn": at_home_if_any},
    "aws:docdb/globalCluster:GlobalCluster": {"globalClusterIdentifier": is_worldwide},
    "aws:docdb/cluster:Cluster": {"globalClusterIdentifier": is_no_member},
    "aws:neptune/globalCluster:GlobalCluster": {"globalClusterIdentifier": is_worldwide},
    "aws:neptune/cluster:Cluster": {
        "globalClusterIdentifier": is_no_member,
        "replicationSourceIdentifier": by_name_or_at_home,
    },
    "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup": {"globalReplicationGroupIdSuffix": is_worldwide},
    "aws:elasticache/replicationGroup:ReplicationGroup": {"globalReplicationGroupId": is_not_made_a_member},
    "aws:memorydb/multiRegionCluster:MultiRegionCluster": {"multiRegionClusterNameSuffix": is_worldwide},
    "aws:memorydb/cluster:Cluster": {"multiRegionClusterName": is_no_member},
    "aws:dsql/cluster:Cluster": {
        "multiRegionProperties.witnessRegion": in_a_region_at_home_if_any,
        "multiRegionProperties.clusters[]": at_home,
    },
    "aws:dsql/clusterPeering:ClusterPeering": {"witnessRegion": in_a_region_at_home_if_any, "clusters[]": at_home},
    "aws:keyspaces/keyspace:Keyspace": {"replicationSpecification": in_listed_regions},
    "aws:redshift/snapshotCopy:SnapshotCopy": {"destinationRegion": in_a_region_at_home},
    "aws:redshift/dataShareConsumerAssociation:DataShareConsumerAssociation": {
        "consumerRegion": in_a_region_at_home_if_any
    },
    "aws:redshift/integration:Integration": {"sourceArn": at_home_if_any, "targetArn": at_home_if_any},
    "aws:opensearch/outboundConnection:OutboundConnection": {"remoteDomainInfo.region": in_a_region_at_home},
    "aws:msk/replicator:Replicator": {"kafkaClusters[].amazonMskCluster.mskClusterArn": at_home_if_any},
    "aws:mq/broker:Broker": {"dataReplicationPrimaryBrokerArn": at_home_if_any},
    "aws:efs/replicationConfiguration:ReplicationConfiguration": {"destination": in_a_region_or_zone},
}
"""Databases, caches, queues and file systems of AWS."""
AZURE: Final[Mapping[str, Mapping[str, Judge]]] = {
    "azure-native:cosmosdb:DatabaseAccount": {
        "locations[].locationName": at_a_location_at_home,
        "restoreParameters.sourceBackupLocation": at_a_location_at_home_if_any,
        "backupPolicy": has_copies_here,
    },
    "azure-native:cosmosdb:CassandraDataCenter": {"properties.dataCenterLocation": at_a_location_at_home_if_any},
    "azure-native:cosmosdb:Fleetspace": {"dataRegions[]": at_a_location_at_home},
    "azure-native:dbforpostgresql:Server": {"backup.geoRedundantBackup": has_backups_here},
    "azure-native:dbforpostgresql:ServerGroupCluster": {
        "enableGeoBackup": has_backups_here_unless_switched,
        "sourceLocation": at_a_location_at_home_if_any,
    },
    "azure-native:dbformysql:Server": {"backup.geoRedundantBackup": has_backups_here},
    "azure-native:mongocluster:MongoCluster": {
        "properties.replicaParameters.sourceLocation": at_a_location_at_home_if_any
    },
    "azure-native:sql:InstanceFailoverGroup": {"partnerRegions[].location": at_a_location_at_home},
    "azure-native:redis:LinkedServer": {"linkedRedisCacheLocation": at_a_location_at_home},
    "azure-native:netapp:CapacityPoolVolume": {
        "dataProtection.replication.remoteVolumeRegion": at_a_location_at_home_if_any,
    },
    "azure-native:netapp:VolumeGroup": {
        "volumes[].dataProtection.replication.remoteVolumeRegion": at_a_location_at_home_if_any,
    },
}
"""Databases, caches and file systems of Azure."""
