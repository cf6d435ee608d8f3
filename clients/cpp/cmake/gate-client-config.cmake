# find_package(gate-client CONFIG) gives the target gate::client.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Protobuf)
find_dependency(gRPC CONFIG)
include(${CMAKE_CURRENT_LIST_DIR}/gate-client-targets.cmake)
