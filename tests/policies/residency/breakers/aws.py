"""Residency breakers of AWS, as they look in a plan."""

from __future__ import annotations

import json
from collections.abc import Mapping

from policies.examples.identity import service_account
from policies.examples.kubernetes import DIGEST, container, deployment
from policies.examples.logs import archive_bucket, trail
from policies.examples.residency import ABROAD, HOME, UAE_AWS, arn, aws_provider, holding
from policies.resources import Resource, resource
from tests.policies.residency.breakers.breaker import Breaker, breaker, found

REGISTRY = "a registry in the UAE: ECR in me-central-1, one on Azure that a stack makes there, or one in `registries`"
VAULT = arn(ABROAD, "backup", "backup-vault:copies")
STREAM = arn(ABROAD, "firehose", "deliverystream/all")
ALLOWED_CALLS = "ARNs of models in me-central-1, or a condition that holds aws:RequestedRegion to it"
ADD_ON_HOST = "602401143452.dkr.ecr.us-west-2.amazonaws.com"
FOREIGN_ADD_ON = f"{ADD_ON_HOST}/eks/coredns@{DIGEST}"
ROUTED = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0"


def here(token: str, **properties: object) -> Resource:
    """Make a resource whose provider lies at home."""
    return resource(token, properties, provider=aws_provider())


def bucket(region: str) -> Resource:
    """Make the bucket ``copies`` in a region."""
    token = "aws:s3/bucket:Bucket"
    return resource(token, {"bucket": "copies", "region": region}, urn=f"urn:pulumi:stack::project::{token}::copies")


AWS: Mapping[str, Breaker] = {
    "aws-cloudfront": breaker(
        found(
            "RES-010",
            "type: found CloudFront, expected a gateway in the region",
            here("aws:cloudfront/distribution:Distribution", enabled=True, origins=[]),
        ),
    ),
    "aws-global-accelerator": breaker(
        found(
            "RES-010",
            "type: found Global Accelerator, expected a load balancer in the region",
            here("aws:globalaccelerator/accelerator:Accelerator", name="models"),
        ),
    ),
    "aws-route53-public": breaker(
        found(
            "RES-023",
            "vpcs: found nothing, expected a network that alone may ask: a public zone tells its names to everyone",
            here("aws:route53/zone:Zone", name="models.ae"),
        )
    ),
    "aws-iam": breaker(
        found(
            "IAM-010",
            'metadata.annotations["eks.amazonaws.com/sts-regional-endpoints"]: found nothing, expected true',
            service_account(role="arn:aws:iam::111122223333:role/iris"),
        ),
        found(
            "IAM-010",
            "spec.template.spec.containers[0].env[0].value: found legacy, expected regional",
            deployment([container(env=[{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "legacy"}])]),
        ),
        found(
            "IAM-010",
            "endpoints[0].sts: found https://sts.amazonaws.com, expected an address that names a region in the UAE",
            aws_provider(endpoints='[{"sts": "https://sts.amazonaws.com"}]'),
        ),
        found(
            "RES-001",
            f"endpoints[0].sts: found https://sts.us-east-1.amazonaws.com, expected {UAE_AWS}",
            aws_provider(endpoints='[{"sts": "https://sts.us-east-1.amazonaws.com"}]'),
        ),
    ),
    "aws-waf-cloudfront": breaker(
        found(
            "NET-008",
            "scope: found CLOUDFRONT, expected REGIONAL",
            here("aws:wafv2/webAcl:WebAcl", scope="CLOUDFRONT", defaultAction={"block": {}}),
        ),
        found(
            "RES-010",
            "type: found WAF of scope CLOUDFRONT, expected scope REGIONAL",
            here("aws:waf/webAcl:WebAcl", name="models"),
        ),
    ),
    "aws-acm-cloudfront": breaker(
        found(
            "RES-001",
            f"region: found us-east-1, expected {UAE_AWS}",
            here("aws:acm/certificate:Certificate", region="us-east-1", domainName="models.ae"),
        ),
    ),
    "aws-ecr-replication": breaker(
        found(
            "RES-005",
            f"replicationConfiguration.rules[0].destinations[0].region: found eu-west-1, expected {UAE_AWS}",
            here(
                "aws:ecr/replicationConfiguration:ReplicationConfiguration",
                **holding("replicationConfiguration.rules[].destinations[].region", ABROAD),
            ),
        ),
    ),
    "aws-ecr-public": breaker(
        found(
            "SUP-002",
            "repositoryName: found a public repository abroad, expected a repository of the account's own registry",
            here("aws:ecrpublic/repository:Repository", repositoryName="models"),
        ),
        found(
            "RES-010",
            "type: found ECR Public, expected a private repository",
            here("aws:ecrpublic/repository:Repository", repositoryName="models"),
        ),
    ),
    "aws-s3-replication": breaker(
        found(
            "RES-004",
            f"region: found eu-west-1, expected {UAE_AWS}",
            here(
                "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
                **holding("rules[].destination.bucket", "arn:aws:s3:::copies"),
            ),
            bucket(ABROAD),
        ),
    ),
    "aws-s3-acceleration": breaker(
        found(
            "RES-004",
            "details.name: found models, expected access points of one bucket",
            here(
                "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint",
                details={"name": "models", "regions": [{"bucket": "models"}]},
            ),
        ),
        found(
            "RES-004",
            "status: found Enabled, expected Suspended, or nothing",
            here("aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration", bucket="b", status="Enabled"),
        ),
    ),
    "aws-kms-multi-region": breaker(
        found(
            "RES-006", "multiRegion: found true, expected false, or nothing", here("aws:kms/key:Key", multiRegion=True)
        ),
        found(
            "RES-006",
            "primaryKeyArn: found a replica of another region's key, expected a key of this region alone",
            here("aws:kms/replicaKey:ReplicaKey", primaryKeyArn=arn(ABROAD, "kms", "key/mrk-1")),
        ),
    ),
    "aws-secrets-replicas": breaker(
        found(
            "RES-007",
            f"replicas[0].region: found eu-west-1, expected {UAE_AWS}",
            here("aws:secretsmanager/secret:Secret", replicas=[{"region": ABROAD}]),
        ),
    ),
    "aws-backup-copy": breaker(
        found(
            "RES-008",
            f"rules[0].copyActions[0].destinationVaultArn: found {VAULT}, expected an ARN in me-central-1",
            here(
                "aws:backup/plan:Plan",
                **holding("rules[].copyActions[].destinationVaultArn", VAULT),
            ),
        ),
    ),
    "aws-snapshot-copy": breaker(
        found(
            "RES-008",
            f"sourceRegion: found eu-west-1, expected {UAE_AWS}",
            here("aws:ebs/snapshotCopy:SnapshotCopy", sourceRegion=ABROAD),
        ),
        found(
            "RES-001",
            f"region: found eu-west-1, expected {UAE_AWS}",
            here("aws:ebs/snapshotCopy:SnapshotCopy", sourceRegion=HOME, region=ABROAD),
        ),
        found(
            "RES-008",
            f"sourceAmiRegion: found eu-west-1, expected {UAE_AWS}",
            here("aws:ec2/amiCopy:AmiCopy", sourceAmiRegion=ABROAD),
        ),
        found(
            "RES-008",
            f"policyDetails.schedules[0].crossRegionCopyRules[0].target: found eu-west-1, expected {UAE_AWS}",
            here(
                "aws:dlm/lifecyclePolicy:LifecyclePolicy",
                **holding("policyDetails.schedules[].crossRegionCopyRules[].target", ABROAD),
            ),
        ),
    ),
    "aws-database-replicas": breaker(
        found(
            "RES-009",
            f"replicas[0].regionName: found eu-west-1, expected {UAE_AWS}",
            here("aws:dynamodb/table:Table", replicas=[{"regionName": ABROAD}]),
        ),
        found(
            "RES-009",
            "globalClusterIdentifier: found models, expected a cluster of this region alone",
            here("aws:rds/globalCluster:GlobalCluster", globalClusterIdentifier="models"),
        ),
        found(
            "RES-009",
            "sourceDbInstanceArn: found arn:aws:rds:eu-west-1:111122223333:db:primary, expected an ARN in me-central-1",
            here(
                "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
                sourceDbInstanceArn=arn(ABROAD),
            ),
        ),
        found(
            "RES-009",
            f"destination.region: found eu-west-1, expected {UAE_AWS}",
            here("aws:efs/replicationConfiguration:ReplicationConfiguration", destination={"region": ABROAD}),
        ),
    ),
    "aws-telemetry-copies": breaker(
        found(
            "RES-015",
            "sinkIdentifier: found arn:aws:oam:eu-west-1:111122223333:sink/1, expected an ARN in me-central-1",
            here("aws:oam/link:Link", sinkIdentifier=arn(ABROAD, "oam", "sink/1")),
        ),
        found(
            "RES-015",
            f"firehoseArn: found {STREAM}, expected an ARN in me-central-1",
            here("aws:cloudwatch/metricStream:MetricStream", firehoseArn=STREAM),
        ),
        found(
            "RES-015",
            f"rule.destination.region: found eu-west-1, expected {UAE_AWS}",
            here(
                "aws:observabilityadmin/centralizationRuleForOrganization:CentralizationRuleForOrganization",
                rule={"destination": {"region": ABROAD}},
            ),
        ),
    ),
    "aws-cloudtrail-global": breaker(
        found(
            "LOG-003",
            f"region: found us-east-1, expected {UAE_AWS}",
            trail(isMultiRegionTrail=True, includeGlobalServiceEvents=True),
            archive_bucket(region="us-east-1"),
        ),
    ),
    "aws-aggregators": breaker(
        found(
            "RES-015",
            f"region: found eu-west-1, expected {UAE_AWS}",
            here("aws:cfg/configurationAggregator:ConfigurationAggregator", region=ABROAD),
        ),
        found(
            "RES-015",
            f"region: found eu-west-1, expected {UAE_AWS}",
            here("aws:securityhub/findingAggregator:FindingAggregator", region=ABROAD),
        ),
        found(
            "RES-001",
            f"accountAggregationSource.regions[1]: found eu-west-1, expected {UAE_AWS}",
            here(
                "aws:cfg/configurationAggregator:ConfigurationAggregator",
                accountAggregationSource={"regions": [HOME, ABROAD]},
            ),
        ),
        found(
            "RES-001",
            f"specifiedRegions[0]: found eu-west-1, expected {UAE_AWS}",
            here("aws:securityhub/findingAggregator:FindingAggregator", specifiedRegions=[ABROAD]),
        ),
    ),
    "aws-bedrock-inference": breaker(
        found(
            "RES-016",
            f"modelSource.copyFrom: found {ROUTED}, expected a model in me-central-1, by its ARN there or its id",
            here("aws:bedrock/inferenceProfile:InferenceProfile", modelSource={"copyFrom": ROUTED}),
        ),
        found(
            "RES-016",
            f"policy.Statement[0].Resource: found {ROUTED}, expected {ALLOWED_CALLS}",
            here(
                "aws:iam/policy:Policy",
                policy=json.dumps(
                    {"Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": ROUTED}]}
                ),
            ),
        ),
    ),
    "aws-add-on-images": breaker(
        found(
            "SUP-002",
            f"spec.template.spec.containers[0].image: found {FOREIGN_ADD_ON} of {ADD_ON_HOST}, expected {REGISTRY}",
            deployment([container(image=FOREIGN_ADD_ON)]),
        )
    ),
}
