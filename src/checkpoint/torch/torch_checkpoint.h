/// Reads files of torch.save(): DeepLabCut 3 snapshots and exported models (.pt), Lightning
/// checkpoints (.ckpt), plain state dicts (.pth).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/weight_source.h"

namespace posse {

/// What a torch file holds beside weights, told by the keys of its outermost dict.
enum class TorchContent {
  deeplabcut_snapshot,  ///< model, metadata
  deeplabcut_export,    ///< config, pose: a whole network in one file
  lightning,            ///< state_dict, pytorch-lightning_version
  state_dict,           ///< tensors by name, alone or under state_dict or model
};

/// True if `path` is a file that torch wrote, or one that claims to be (".pt", ".pth", ".ckpt"
/// without a TensorFlow index beside it): TorchCheckpoint::open() is then the one to say what is
/// wrong with it.
bool looks_like_torch(const std::filesystem::path& path);

/// An opened torch file. Opening maps it, reads its directory and its pickle, which is never
/// executed, and holds every tensor against its storage; numbers are read from the mapped file when
/// asked for.
///
/// Immutable after open(); read() may be called from several threads. Copies share the mapped file.
class TorchCheckpoint final : public WeightSource {
 public:
  /// @throws Error(not_found, io); Error(bad_file) for anything malformed, naming file and place;
  ///         Error(unsupported) for what torch.save() does not write today (torch_refusals.h),
  ///         numbers of big-endian machines, a pickled program object in place of weights.
  static TorchCheckpoint open(const std::filesystem::path& path);

  TorchContent content() const;
  /// The "epoch" that the tool noted, else nullopt.
  std::optional<int64_t> epoch() const;

  const std::filesystem::path& path() const override;
  std::string format() const override;
  KernelAxes kernel_axes() const override { return KernelAxes::torch; }
  std::string embedded_config() const override;
  int num_data_files() const override { return 1; }
  std::vector<WeightInfo> list() const override;
  std::optional<Shape> shape(std::string_view name) const override;
  Tensor read(std::string_view name) const override;
  /// SHA-256 of names, shapes and places of all tensors and of their storages' checksums.
  std::string fingerprint() const override;
  std::vector<std::string> verify() const override;
  void check_files() const override {}  // opening did

 private:
  struct State;
  explicit TorchCheckpoint(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace posse
