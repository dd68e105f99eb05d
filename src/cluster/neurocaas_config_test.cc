#include "cluster/neurocaas_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "support/errors.h"

namespace posse {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

NeurocaasConfig parse(const std::string& text, const std::string& name = "config.yaml") {
  return parse_neurocaas_config(text, name);
}

/// A job that predicts with models a, b and c, and what is added.
NeurocaasConfig predict(const std::string& more) {
  return parse("mode: predict\nmodelnames: [a, b, c]\n" + more);
}

std::string refused(const std::string& text, const std::string& name = "config.yaml") {
  return error_of([&] { parse(text, name); }).what();
}

std::string refused_beside_models(const std::string& more) {
  return error_of([&] { predict(more); }).what();
}

TEST(NeurocaasConfig, IsReadAsTheJobManagerWritesIt) {
  const std::string json = R"({"mode": "predict", "ensemble_size": "2", "jobnb": 1,
    "modelpath": "results/job__x/process_results/",
    "modelnames": ["ensemble-model1-2030-01-01", "ensemble-model2-2030-01-02"],
    "__duration__": 360, "__dataset_size__": 20, "task": "t", "scorer": "s", "nb_frames": 5,
    "videotype": "mp4", "seed": 1, "posse": {"consensus": "median", "batch": 4, "no_crop": true}})";
  for (const char* name : {"prediction_autoconfig.json", "config.yaml"}) {
    const NeurocaasConfig config = parse(json, name);
    EXPECT_EQ(config.mode, NeurocaasConfig::Mode::predict);
    EXPECT_EQ(config.modelpath, "results/job__x/process_results/");
    EXPECT_THAT(config.models,
                ElementsAre("ensemble-model1-2030-01-01", "ensemble-model2-2030-01-02"));
    EXPECT_THAT(config.options,
                ::testing::UnorderedElementsAre("--consensus=median", "--batch=4", "--no-crop"));
    EXPECT_THAT(config.notes, IsEmpty());
  }
}

TEST(NeurocaasConfig, OfMoreNamesThanTheEnsembleHasTheFirstAreUsed) {
  std::string text = "mode: predict\nensemble_size: 5\nmodelnames:\n";
  for (int k = 1; k <= 9; ++k) text += fmt::format("- ensemble-model{0}-2030-01-0{0}\n", k);
  const NeurocaasConfig config = parse(text);
  EXPECT_THAT(config.models, SizeIs(5));
  EXPECT_EQ(config.models.back(), "ensemble-model5-2030-01-05");
  EXPECT_THAT(config.notes, ElementsAre(HasSubstr("the first 5 of 9 modelnames")));
  EXPECT_THAT(predict("ensemble_size: 3").notes, IsEmpty());
  EXPECT_THAT(predict("ensemble_size: 4").models, SizeIs(3));
  EXPECT_THAT(predict("ensemble_size: 4").notes,
              ElementsAre(HasSubstr("ensemble_size is 4, modelnames has 3")));
  EXPECT_THAT(predict("").models, SizeIs(3));
}

TEST(NeurocaasConfig, TheConsensusIsTheMeanUnlessTheConfigurationSaysOtherwise) {
  EXPECT_THAT(predict("").options, ElementsAre("--consensus=mean"));
  EXPECT_THAT(predict("posse:").options, ElementsAre("--consensus=mean"));
  EXPECT_THAT(predict("posse: {batch: 2}").options, ElementsAre("--batch=2", "--consensus=mean"));
  EXPECT_THAT(predict("posse: {consensus: track}").options, ElementsAre("--consensus=track"));
}

TEST(NeurocaasConfig, TruthIsWrittenInManyWays) {
  for (const char* yes : {"True", "true", "yes", "'True'", "\"on\"", "1"}) {
    EXPECT_THAT(predict(fmt::format("posse: {{no-crop: {0}, tune: {0}}}", yes)).options,
                ElementsAre("--no-crop", "--tune=on", "--consensus=mean"))
        << yes;
  }
  for (const char* no : {"False", "no", "'off'", "0"}) {
    EXPECT_THAT(predict(fmt::format("posse: {{no_crop: {0}, tune: {0}}}", no)).options,
                ElementsAre("--tune=off", "--consensus=mean"))
        << no;
  }
  EXPECT_THAT(refused_beside_models("posse: {tune: perhaps}"), HasSubstr("expected true or false"));
}

TEST(NeurocaasConfig, EveryKindOfOptionIsHeldAgainstWhatItTakes) {
  const NeurocaasConfig config = predict(
      "posse:\n  frames: 0:100\n  batch_norm: batch:4\n  radius: 2.5\n  shuffle: 1\n"
      "  decode: dgp\n  bodypart-map: -a=b\n  calibration: fit/calibration.json\n  track-lag: 8\n");
  EXPECT_THAT(config.options, ElementsAre("--frames=0:100", "--batch-norm=batch:4", "--radius=2.5",
                                          "--shuffle=1", "--decode=dgp", "--bodypart-map=-a=b",
                                          "--calibration=fit/calibration.json", "--track-lag=8",
                                          "--consensus=mean"));
  for (const char* wrong :
       {"frames: 5:2", "frames: x", "batch_norm: sometimes", "radius: wide", "batch: -1",
        "batch: 1.5", "batch: 99999999999", "shuffle: first", "decode: magic", "snapshot: ''",
        "hide-below: 2", "consensus: [mean]", "consensus: {a: b}", R"(snapshot: "a\nb")"}) {
    const std::string error = refused_beside_models(fmt::format("posse:\n  {}\n", wrong));
    EXPECT_THAT(error, HasSubstr("config.yaml line 4"));
    EXPECT_THAT(error, HasSubstr(std::string(wrong, 5))) << error;
  }
  EXPECT_THAT(refused_beside_models("posse: {consensus: medain}"),
              HasSubstr("auto, mean, median, track"));
}

TEST(NeurocaasConfig, AnUnknownOptionIsRefusedWithThoseThatAreKnown) {
  const std::string error = refused_beside_models("posse: {batsh: 4}");
  EXPECT_THAT(error, HasSubstr("no option 'batsh', did you mean batch"));
  EXPECT_THAT(error, HasSubstr("known are as-member, backend, batch, batch-norm"));
  EXPECT_THAT(error, HasSubstr("wide-csv"));
  EXPECT_THAT(error, Not(HasSubstr("keep-journal")));
  EXPECT_THAT(refused_beside_models("posse: [batch]"), HasSubstr("no map of options"));
  EXPECT_THAT(refused_beside_models("posse: fast"), HasSubstr("no map of options"));
}

TEST(NeurocaasConfig, OptionsThatTheJobDecidesAreLeftOutWithANote) {
  const NeurocaasConfig config =
      predict("posse: {save_members: no, format: csv, force: 1, extras: /x, consensus: mean}");
  EXPECT_THAT(config.options, ElementsAre("--consensus=mean"));
  EXPECT_THAT(config.notes, SizeIs(4));
  EXPECT_THAT(config.notes, Each(HasSubstr("the job decides it")));
}

TEST(NeurocaasConfig, UnknownFieldsAreNotedOnceEachAndKnownOnesNot) {
  const NeurocaasConfig config =
      predict("testing: True\ncolour: red\ncolour: blue\nvideotype: avi\n\"a\\tb\": 1\n");
  EXPECT_THAT(config.notes, ElementsAre(HasSubstr("'testing' is ignored"),
                                        HasSubstr("field 'colour'"), HasSubstr("field 'a\\x09b'")));
  std::string many;
  for (int k = 0; k < 300; ++k) many += fmt::format("field{}: {}\n", k, k);
  EXPECT_THAT(predict(many).notes, SizeIs(101));
}

TEST(NeurocaasConfig, AModeThatIsNoneIsRefused) {
  EXPECT_THAT(refused("modelnames: [a]"), HasSubstr("'mode' is missing"));
  EXPECT_THAT(refused("mode:\nmodelnames: [a]"), HasSubstr("'mode' is missing"));
  EXPECT_THAT(refused("mode: evaluate\n"), HasSubstr("'evaluate', expected train or predict"));
  EXPECT_THAT(refused("mode: [predict]\n"), HasSubstr("expected text"));
}

TEST(NeurocaasConfig, TrainingNeedsNoModels) {
  const NeurocaasConfig config = parse("mode: train\nensemble_size: 3\ntask: t\n");
  EXPECT_EQ(config.mode, NeurocaasConfig::Mode::train);
  EXPECT_THAT(config.models, IsEmpty());
}

TEST(NeurocaasConfig, NamesOfModelsAreOpaqueButStayWithinTheirFolder) {
  const NeurocaasConfig config = parse(
      "mode: predict\nmodelpath: my models\nmodelnames: ['-m 1/', 007, \"m\xC3\xB6\", a/b]\n");
  EXPECT_EQ(config.modelpath, "my models/");
  EXPECT_THAT(config.models, ElementsAre("-m 1", "007", "m\xC3\xB6", "a/b"));
  EXPECT_THAT(parse("mode: predict\nmodelnames: alone\n").models, ElementsAre("alone"));
  for (const char* names :
       {"[..]", "[a/../../b]", "[/a]", "['']", "[a, a]", "[a, a/]", "[[a]]", R"(["a\tb"])",
        "{a: b}", "[]", "[.]", "[a,]\nmodelpath: ../x", "[a]\nmodelpath: /x"}) {
    EXPECT_THROW(parse(fmt::format("mode: predict\nmodelnames: {}\n", names)), Error) << names;
  }
  EXPECT_THAT(refused("mode: predict\n"), HasSubstr("'modelnames' is missing"));
}

TEST(NeurocaasConfig, AnEnsembleSizeThatIsNoneIsRefused) {
  for (const char* size : {"0", "-3", "five", "2.5", "[2]"}) {
    EXPECT_THAT(refused_beside_models(fmt::format("ensemble_size: {}", size)),
                HasSubstr("ensemble_size"));
  }
}

TEST(NeurocaasConfig, WhatIsNoConfigurationIsRefusedByItsName) {
  EXPECT_THAT(refused("mode: [predict\n"), HasSubstr("config.yaml"));
  EXPECT_THAT(refused("- mode\n"), HasSubstr("expected keys with values"));
  EXPECT_THAT(refused(""), HasSubstr("config.yaml"));
  EXPECT_THAT(refused("{\"mode\": \"predict\",}", "c.json"), HasSubstr("c.json: is not JSON"));
  EXPECT_THAT(refused("[1]", "c.json"), HasSubstr("expected keys with values"));
  EXPECT_THAT(refused(std::string(1000, '[') + std::string(1000, ']'), "c.json"),
              HasSubstr("nested too deep"));
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { read_neurocaas_config(folder.path() / "none.yaml"); }).kind(),
            ErrorKind::not_found);
}

TEST(NeurocaasConfig, JsonMayBeIndentedByTabsAndEscapeWhatItLikes) {
  const TemporaryFolder folder;
  write_file(folder.path() / "c.JSON",
             "{\n\t\"mode\": \"predict\",\n\t\"modelnames\": [\"\\ud83d\\ude00\", \"a\\/b\"],\n"
             "\t\"posse\": {\"tune\": false, \"radius\": 2.5}}");
  const NeurocaasConfig config = read_neurocaas_config(folder.path() / "c.JSON");
  EXPECT_THAT(config.models, ElementsAre("\xF0\x9F\x98\x80", "a/b"));
  EXPECT_THAT(config.options, Contains("--tune=off"));
  EXPECT_THAT(config.options, Contains("--radius=2.5"));
}

TEST(NeurocaasConfig, IsWrittenForTheScriptLineByLine) {
  NeurocaasConfig config = predict("modelpath: p\nposse: {no-crop: yes}\nx: 1\n");
  EXPECT_EQ(lines_of(config),
            "mode\tpredict\nmodelpath\tp/\nmodel\ta\nmodel\tb\nmodel\tc\noption\t--no-crop\n"
            "option\t--consensus=mean\nnote\tfield 'x' is not known and is ignored\n");
  EXPECT_EQ(lines_of(parse("mode: train")), "mode\ttrain\nmodelpath\t\noption\t--consensus=mean\n");
}

}  // namespace
}  // namespace posse
