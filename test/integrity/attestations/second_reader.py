"""Reads signed statements with the Python bindings of the in-toto attestation framework, and says what it understood.

Standard input: {"publicKey": PEM, "bundle": a Sigstore bundle}. Standard output: one JSON object.
"""

import base64
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

request = json.load(sys.stdin)
envelope = request["bundle"]["dsseEnvelope"]
payload = base64.b64decode(envelope["payload"], validate=True)
kind = envelope["payloadType"].encode()
pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
key = serialization.load_pem_public_key(request["publicKey"].encode())
(signature,) = envelope["signatures"]
key.verify(base64.b64decode(signature["sig"], validate=True), pae, ec.ECDSA(hashes.SHA256()))

statement = Statement.copy_from_pb(json_format.Parse(payload, statement_pb2.Statement()))
statement.validate()
predicate = json_format.MessageToDict(statement.pb.predicate)
understood = None
if statement.pb.predicate_type.startswith("https://in-toto.io/attestation/test-result/"):
    understood = json_format.ParseDict(predicate, test_result_pb2.TestResult())
if statement.pb.predicate_type.startswith("https://slsa.dev/verification_summary/"):
    # These bindings have one text where the specification has a list of levels, and no version of the verifier.
    assert isinstance(predicate["verifiedLevels"], list)
    predicate["verifiedLevels"] = ",".join(predicate["verifiedLevels"])
    del predicate["verifier"]["version"]
    for attestation in predicate["inputAttestations"]:
        attestation.pop("name", None)
    del predicate["policy"]["name"]
    understood = json_format.ParseDict(predicate, vsa_pb2.VerificationSummary())
json.dump(
    {
        "predicateType": statement.pb.predicate_type,
        "subjects": [{"name": one.name, "digest": dict(one.digest)} for one in statement.pb.subject],
        "predicate": predicate,
        "understood": understood is not None and json_format.MessageToDict(understood),
    },
    sys.stdout,
)
