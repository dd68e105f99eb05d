#include "cli/option_binding.h"

#include "table_jobs/smooth_inputs.h"

namespace posse {

void OptionBinder::operator()(const char* name, std::vector<FrameRange>& field,
                              const char* placeholder, const char* help) const {
  finish(
      verb().add_words(
          dashed(name),
          [&field](const std::vector<std::string>& words) { field = parse_tuning_frames(words); },
          help),
      placeholder);
}

void OptionBinder::operator()(const char* name, std::vector<std::vector<size_t>>& field,
                              const char* placeholder, const char* help) const {
  finish(verb().add_word(
             dashed(name), [&field](const std::string& text) { field = parse_blocks(text); }, help),
         placeholder);
}

}  // namespace posse
