// YAML text to a tree.
#include "fuzz/fuzz_target.h"
#include "project/yaml_tree.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  parse_yaml(std::string(text_of(input)), "fuzz.yaml");
}
