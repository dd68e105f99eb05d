# The cpu backend's part of posse_network.
target_sources(posse_network PRIVATE
  backends/cpu/arena.cc backends/cpu/convolutions.cc backends/cpu/cpu_backend.cc backends/cpu/ensemble.cc
  backends/cpu/kernel_scratch.cc backends/cpu/layer_weights.cc backends/cpu/lowering.cc
  backends/cpu/machine.cc backends/cpu/network.cc backends/cpu/onednn.cc backends/cpu/operations.cc
  backends/cpu/peak.cc backends/cpu/program.cc backends/cpu/rearrangements.cc backends/cpu/tuning.cc backends/cpu/winograd_weights.cc)
target_link_libraries(posse_network PRIVATE DNNL::dnnl)

posse_simd_kernels(network SOURCES backends/cpu/kernels.cc)

# oneDNN's thread count is set through the runtime it was built on.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES gomp)
check_cxx_source_compiles(
  "extern \"C\" void omp_set_num_threads(int); int main() { omp_set_num_threads(1); }" POSSE_HAVE_GOMP)
unset(CMAKE_REQUIRED_LIBRARIES)
if(POSSE_HAVE_GOMP)
  target_compile_definitions(posse_network PRIVATE POSSE_HAVE_GOMP)
  target_link_libraries(posse_network PRIVATE gomp)
endif()

posse_module_tests(network TARGET posse_network_cpu_test
  SOURCES backends/cpu/cpu_backend_test.cc backends/cpu/matrix_test.cc backends/cpu/tuning_test.cc backends/cpu/winograd_test.cc
  DEPENDS posse_test_networks)
