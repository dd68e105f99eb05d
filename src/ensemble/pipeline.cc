#include "ensemble/pipeline.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace posse {
namespace {

struct OpenBundle {
  FrameBundle bundle;
  int64_t sequence = 0;
  size_t groups_left = 0;
};

class Pipeline {
 public:
  Pipeline(const PipelineOptions& options, const PipelineWork& work, const StopFlag* stop)
      : options_(options), work_(work), stop_(stop), most_open_(2 * options.num_workers + 2) {}

  void run() {
    std::vector<std::thread> threads;
    threads.emplace_back([this] { guarded([this] { decode(); }); });
    for (size_t worker = 0; worker < options_.num_workers; ++worker) {
      threads.emplace_back([this, worker] { guarded([this, worker] { run_worker(worker); }); });
    }
    guarded([this] { deliver(); });
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Item {
    OpenBundle* open;
    size_t group;
  };

  template <class Function>
  void guarded(const Function& function) {
    try {
      function();
    } catch (...) {  // carried to the caller's thread
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
    changed_.notify_all();
  }

  bool stopping() const { return failure_ != nullptr || (stop_ != nullptr && stop_->requested()); }

  OpenBundle* take_free_bundle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [this] { return stopping() || !free_.empty() || bundles_.size() < most_open_; });
    if (stopping()) return nullptr;
    if (free_.empty()) {
      bundles_.push_back(std::make_unique<OpenBundle>());
      bundles_.back()->bundle.frames.resize(options_.batch_size);
      bundles_.back()->bundle.outputs.resize(options_.num_members);
      return bundles_.back().get();
    }
    OpenBundle* open = free_.back();
    free_.pop_back();
    return open;
  }

  void decode() {
    for (int64_t sequence = 0;; ++sequence) {
      OpenBundle* open = take_free_bundle();
      if (open == nullptr) break;
      FrameBundle& bundle = open->bundle;
      bundle.number = sequence;
      bundle.num_frames = bundle.num_fillers = 0;
      while (bundle.num_frames < options_.batch_size &&
             work_.source(bundle.frames[bundle.num_frames])) {
        ++bundle.num_frames;
      }
      const bool end = bundle.num_frames < options_.batch_size;
      if (work_.complete && bundle.num_frames > 0) work_.complete(bundle);
      const std::lock_guard lock(mutex_);
      if (bundle.num_frames > 0) {
        open->sequence = sequence;
        open->groups_left = options_.num_groups;
        decoded_.push_back(open);
        ++num_bundles_;
      }
      changed_.notify_all();
      if (end) break;
    }
    const std::lock_guard lock(mutex_);
    decoding_done_ = true;
  }

  /// The next item, opening a window of new bundles when the present one is used up; false when
  /// there is nothing more.
  bool take_item(Item& item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] {
      return stopping() || !items_.empty() || !decoded_.empty() || decoding_done_;
    });
    if (stopping()) return false;
    if (items_.empty()) {
      std::vector<OpenBundle*> window;
      while (!decoded_.empty() && window.size() < options_.num_workers) {
        window.push_back(decoded_.front());
        decoded_.pop_front();
      }
      for (size_t group = 0; group < options_.num_groups; ++group) {
        for (OpenBundle* open : window) items_.push_back({open, group});
      }
      if (items_.empty()) return false;
      changed_.notify_all();
    }
    item = items_.front();
    items_.pop_front();
    return true;
  }

  void run_worker(size_t worker) {
    for (Item item{}; take_item(item);) {
      work_.compute(item.group, item.open->bundle, worker);
      bool last = false;
      {
        const std::lock_guard lock(mutex_);
        last = --item.open->groups_left == 0;
      }
      if (!last) continue;
      work_.combine(item.open->bundle, worker);
      const std::lock_guard lock(mutex_);
      finished_.emplace(item.open->sequence, item.open);
      changed_.notify_all();
    }
  }

  void deliver() {
    for (int64_t next = 0;; ++next) {
      OpenBundle* open = nullptr;
      {
        std::unique_lock lock(mutex_);
        const auto ready = [this, next] {
          return stopping() || (!finished_.empty() && finished_.begin()->first == next) ||
                 (decoding_done_ && next == num_bundles_);
        };
        // A stop request comes from a signal handler, which cannot notify: look again now and then.
        while (!ready()) changed_.wait_for(lock, std::chrono::milliseconds(50));
        if (finished_.empty() || finished_.begin()->first != next) return;
        open = finished_.begin()->second;
        finished_.erase(finished_.begin());
      }
      work_.sink(open->bundle);
      const std::lock_guard lock(mutex_);
      free_.push_back(open);
      changed_.notify_all();
    }
  }

  const PipelineOptions& options_;
  const PipelineWork& work_;
  const StopFlag* stop_;
  const size_t most_open_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<OpenBundle>> bundles_;
  std::vector<OpenBundle*> free_;
  std::deque<OpenBundle*> decoded_;
  std::deque<Item> items_;
  std::map<int64_t, OpenBundle*> finished_;
  int64_t num_bundles_ = 0;
  bool decoding_done_ = false;
  std::exception_ptr failure_;
};

}  // namespace

void run_pipeline(const PipelineOptions& options, const PipelineWork& work, const StopFlag* stop) {
  if (options.num_groups < 1 || options.num_workers < 1 || options.batch_size < 1) {
    throw Error(ErrorKind::invalid_value,
                "a run needs at least one member, one thread and one frame per batch");
  }
  Pipeline(options, work, stop).run();
}

}  // namespace posse
