#include "study/evaluation_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "study/evaluate_job.h"

namespace posse {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

TEST(EvaluationText, RoundsTheFailureDistanceAndPartsColumns) {
  Evaluation evaluation;
  evaluation.failure_distance = 3.1110190769266874;
  evaluation.pck_radii = {2, 20.5, 100.25};
  const std::string text = to_text(evaluation);
  EXPECT_THAT(text, HasSubstr("errors beyond 3.11 px"));
  EXPECT_THAT(text, HasSubstr(" < 2 px  < 20.5 px  < 100.25 px"));
}

TEST(EvaluationText, CountsSuspectsAsPeopleDo) {
  Evaluation evaluation;
  evaluation.suspects.resize(1);
  EXPECT_THAT(to_text(evaluation), HasSubstr("1 label lies further off"));
  evaluation.suspects.resize(13);
  EXPECT_THAT(to_text(evaluation), HasSubstr("13 labels lie further off"));
  EXPECT_THAT(to_text(evaluation), HasSubstr("  and 3 more (--json lists all)\n"));
  evaluation.suspects.resize(10);
  EXPECT_THAT(to_text(evaluation), Not(HasSubstr("more (--json")));
}

TEST(EvaluationText, ExplainsAnInfiniteLogScore) {
  Evaluation evaluation;
  evaluation.uncertainty.resize(1);
  EXPECT_THAT(to_text(evaluation), Not(HasSubstr("log inf")));
  evaluation.uncertainty[0].log_score = HUGE_VAL;
  EXPECT_THAT(to_text(evaluation), HasSubstr("log inf: "));
}

TEST(EvaluationText, StatesWhatKeypointMoseqTakes) {
  Evaluation evaluation;
  evaluation.calibrated.resize(1);
  evaluation.calibration.moseq = {-1.25, 0.5, 0.4};
  EXPECT_THAT(calibration_text(evaluation),
              HasSubstr("keypoint-moseq: slope -1.25, intercept 0.5, conf_threshold 0.4\n"));
  evaluation.calibration.moseq = {std::nan(""), std::nan(""), std::nan("")};
  EXPECT_THAT(calibration_text(evaluation), HasSubstr("keypoint-moseq: no line"));
}

}  // namespace
}  // namespace posse
