/// Finds the labelled pictures that each member was trained on.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "project/project.h"
#include "study/labels/label_set.h"

namespace posse {

/// What is known of one member. Pictures by picture_key().
struct MemberTraining {
  bool known = false;
  std::string source;                 ///< the record's file, or how else it is known
  std::set<std::string> trained;      ///< pictures whose labels it was fitted to
  std::set<std::string> selected_on;  ///< pictures by whose error its snapshot was chosen
  bool selected_on_the_rest = false;  ///< so were all pictures that it was not trained on
};

/// How a member stands to a picture.
enum class PictureUse { unseen, selected_on, trained };

PictureUse use_of(const MemberTraining& training, const std::string& picture_key);

/// Finds out from the members' own projects: DeepLabCut's
/// training-datasets/iteration-N/UnaugmentedDataSet_*/Documentation_data-*_<percent>shuffle<K>.pickle
/// (which lists the pictures of the training set), else the set's own *<percent>shuffle<K>.mat
/// beside it, which holds these pictures alone; or Lightning Pose's predictions.csv with its
/// column `set` (train, validation, test). A snapshot called "best" was chosen by its error on the
/// pictures that it was not trained on.
/// @return [members]; `known` is false where there is no record
/// @throws Error(bad_file) for records that are damaged
std::vector<MemberTraining> training_from_projects(std::span<const Member> members);

/// Reads a manifest: a .csv with the columns member, picture and, optionally, use ("train" where it
/// is absent, or "selected"), in which a row with an empty picture says that the member is listed
/// whole; or a .json, {"members": {NAME: {"frames": [...]}}, "labels": FILE} with pictures by name,
/// or by row of the table FILE beside it.
/// @param members  names; those that the manifest does not mention stay unknown
/// @throws Error(not_found, bad_file); Error(usage) where it mentions none of the members
std::vector<MemberTraining> training_from_manifest(const std::filesystem::path& path,
                                                   std::span<const std::string> members);

/// Writes pictures of a manifest as the labels have them: the name of a file without a folder, or
/// the number of a frame, stands for the labelled picture that has it. Others stay as they are.
/// @throws Error(usage) where several labelled pictures have it, naming two
void name_as_labelled(const LabelSet& labels, std::span<MemberTraining> training);

}  // namespace posse
