#include "table_jobs/job_records.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "run/input_identity.h"
#include "run/job_record.h"
#include "table_jobs/smooth_inputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// As RecordOptions, with the kinds of fields that only jobs over tables have.
class TableJobOptions {
 public:
  explicit TableJobOptions(Json& json) : record_(json) {}
  template <class Field>
  void operator()(const char* name, const Field& field, const char* placeholder,
                  const char* help) const {
    if constexpr (std::is_same_v<Field, std::vector<FrameRange>>) {
      std::vector<std::string> words;
      for (const FrameRange& range : field) words.push_back(range.to_string());
      record_(name, words, placeholder, help);
    } else if constexpr (std::is_same_v<Field, KeypointBlocks>) {
      record_(name, text_of(field), placeholder, help);
    } else {
      record_(name, field, placeholder, help);
    }
  }

 private:
  RecordOptions record_;
};

Json describe_file(const fs::path& file, const std::string& name) {
  Json member = {{"name", printable(name)}};
  member.update(describe_input(identify_input(file)));
  return member;
}

Json describe_members(const JobFacts& facts) {
  Json members = Json::array();
  for (size_t c = 0; c < facts.inputs.size(); ++c) {
    const TableInputs& inputs = facts.inputs[c];
    for (size_t m = 0; m < inputs.names.size(); ++m) {
      members.push_back(inputs.files.empty()
                            ? Json{{"name", printable(inputs.names[m])}, {"path", nullptr}}
                            : describe_file(inputs.files[m], inputs.files[m].stem().string()));
      if (!facts.cameras.empty()) members.back()["camera"] = printable(facts.cameras[c]);
    }
  }
  return members;
}

Json describe_parameters(const JobFacts& facts) {
  Json parameters = Json::object();
  for (size_t k = 0; k < facts.parameters.size(); ++k) {
    parameters[printable(facts.bodyparts[k])] = {{"s", facts.parameters[k].s},
                                                 {"tuned", facts.parameters[k].tuned}};
  }
  return parameters;
}

void finish(Json record, const JobReport& report) {
  record["notes"] = report.notes;
  std::vector<std::string> warnings = report.warnings;
  warnings.insert(warnings.end(), report.cautions.begin(), report.cautions.end());
  finish_record(report.record, std::move(record), report.files, warnings);
}

template <class Options>
void write(const char* verb, const Options& options, const JobFacts& facts,
           const JobReport& report) {
  Json record = begin_record(verb);
  record["frames"] = facts.num_frames;
  record["bodyparts"] = facts.bodyparts;
  record["members"] = describe_members(facts);
  record["options"] = Json::object();
  describe(options, TableJobOptions(record["options"]));
  if (!facts.parameters.empty()) record["smoothing"] = describe_parameters(facts);
  if (!facts.track.empty()) record["track"] = Json::parse(facts.track);
  finish(std::move(record), report);
}

}  // namespace

void write_record(const SmoothSingleOptions& options, const JobFacts& facts,
                  const JobReport& report) {
  write("smooth single", options, facts, report);
}

void write_record(const SmoothMultiOptions& options, const JobFacts& facts,
                  const JobReport& report) {
  write("smooth multi", options, facts, report);
}

void write_record(const SmoothMirroredOptions& options, const JobFacts& facts,
                  const JobReport& report) {
  write("smooth mirrored", options, facts, report);
}

void write_record(const SmoothPupilOptions& options, const JobFacts& facts,
                  const JobReport& report) {
  write("smooth pupil", options, facts, report);
}

void write_record(const SmoothPawOptions& options, const JobFacts& facts, const JobReport& report) {
  write("smooth paw", options, facts, report);
}

void write_record(const ConsensusJobOptions& options, const JobFacts& facts,
                  const JobReport& report) {
  write("consensus", options, facts, report);
}

void write_record(const ConvertOptions& options, const fs::path& source, const JobReport& report) {
  Json record = begin_record("convert");
  record["source"] = describe_file(source, source.filename().string());
  record["options"] = Json::object();
  describe(options, TableJobOptions(record["options"]));
  finish(std::move(record), report);
}

}  // namespace posse
