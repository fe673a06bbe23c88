"""Calls any unary method without stubs, by server reflection, like grpcurl:

python call.py 127.0.0.1:10911                                          what there is, and whether it is healthy
python call.py 127.0.0.1:10911 logwheel.v1.Broker/Send '{"topic": "…"}'  one call
"""

import sys

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

with grpc.insecure_channel(sys.argv[1]) as channel:
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = descriptor_pool.DescriptorPool(database)
    if len(sys.argv) == 2:
        for name in sorted(database.get_services()):
            methods = pool.FindServiceByName(name).methods if name.startswith("logwheel.") else []
            print(name, *[method.name for method in methods])
        status = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5).status
        print(health_pb2.HealthCheckResponse.ServingStatus.Name(status))
    else:
        service, name = sys.argv[2].split("/")
        method = pool.FindServiceByName(service).FindMethodByName(name)
        request = json_format.Parse(sys.argv[3], message_factory.GetMessageClass(method.input_type)())
        call = channel.unary_unary(
            f"/{service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )
        try:
            print(json_format.MessageToJson(call(request, timeout=5)))
        except grpc.RpcError as error:
            code = dict(error.trailing_metadata() or ()).get("mq-code", error.code().name)
            sys.exit(f"{error.details()} [{code}]")
