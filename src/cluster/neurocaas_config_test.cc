#include "cluster/neurocaas_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.h"

namespace posse {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

NeurocaasConfig parse(const std::string& text) {
  return parse_neurocaas_config(text, "config.yaml");
}

TEST(NeurocaasConfig, NamesAndOptionsAreReadAsTheJobManagerWritesThem) {
  const NeurocaasConfig config = parse(
      R"({"mode": "predict", "ensemble_size": "2", "jobnb": 1, "modelpath": "results/job__x/process_results/",
          "modelnames": ["ensemble-model1-2030-01-01", "ensemble-model2-2030-01-02"],
          "__duration__": 360, "posse": {"consensus": "median", "batch": 4, "no_crop": true}})");
  EXPECT_EQ(config.mode, NeurocaasConfig::Mode::predict);
  EXPECT_EQ(config.modelpath, "results/job__x/process_results/");
  EXPECT_THAT(config.models,
              ElementsAre("ensemble-model1-2030-01-01", "ensemble-model2-2030-01-02"));
  EXPECT_THAT(config.options, ElementsAre("--consensus=median", "--batch=4", "--no-crop"));
  EXPECT_THAT(config.notes, IsEmpty());
}

}  // namespace
}  // namespace posse
