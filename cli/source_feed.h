// SPDX-License-Identifier: Apache-2.0
// The configured source as the rules and SLOs see it: what is pulled, how far it is, and the threads
// that load history and pull beside the ticks.
//
// A tick pulls what its own group reads. What no tick has pulled for `pull_interval` (SLOs read
// it, or groups whose interval is long) is pulled by the feed's thread, a few selectors at a time,
// so that no tick has long to wait for it: staleness markers are derived at pulls (sync.h), the
// figures of SLOs and the API's readers see what was pulled last, and the tick of a rare group
// finds little left to fetch. It asks no later than the groups that read a selector do, by their
// query offset: what the source is given late would otherwise be missing in their tick, which asks
// for nothing twice.
//
//   ASSIGN_OR_RETURN(auto feed, SourceFeed::Create(config, options));
//   feed->SetDemand(demand);  // at start and after each reload
//   feed->Start();
//   ...
//   feed->Stop();
//
// Threads: all functions may be called from any thread; Start and Stop from one.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "cli/config.h"
#include "engine/engine.h"
#include "engine/remote/sync.h"
#include "engine/storage/storage.h"
#include "rules/source.h"

namespace sloburn::cli {

struct SourceFeedOptions {
  Storage* storage = nullptr;  // borrowed, as the clock
  Clock* clock = nullptr;
  absl::Duration lookback = absl::Minutes(5);
  bool shows_progress = false;  // a bar on stderr while history is loaded
  CoverageStore* coverage = nullptr;   // borrowed; null: a restart loads all again
  int64_t max_samples_per_second = 0;  // of history; 0: no limit
};

// What is to be pulled.
struct SourceDemand {
  std::vector<engine::PreparedQuery::Selector> selectors;
  // Selectors of only metrics that these write are not pulled.
  std::vector<rules::GroupSeries> groups;
  // What no tick has pulled for this long is pulled by the feed's thread.
  absl::Duration pull_interval = absl::Minutes(1);
};

class SourceFeed : public rules::Coverage, public rules::SourcePull {
 public:
  // No request is made. Errors: those of Sync::Create.
  static absl::StatusOr<std::unique_ptr<SourceFeed>> Create(const SourceConfig& config,
                                                            const SourceFeedOptions& options);
  ~SourceFeed() override { Stop(); }

  void SetDemand(const SourceDemand& demand);

  // History is loaded, and tried again every 5 s where that fails.
  void Start();
  // Cancels requests; all later ones fail.
  void Stop();

  bool Covers(const engine::PreparedQuery::Selector& selector, int64_t eval_ms,
              std::string* why) const override;
  absl::Status BeforeTick(const rules::GroupReads& reads, int64_t t_ms) override;

  // As Sync::CoveredTo.
  int64_t CoveredTo(const std::vector<std::string>& selectors) const {
    return sync_->CoveredTo(selectors);
  }

  // "" where everything is loaded and the source answers, otherwise why not.
  std::string WhyNotReady() const;

  const std::string& url() const { return url_; }
  remote::SyncStats Stats() const { return sync_->Stats(); }

 private:
  SourceFeed(std::string url, const SourceFeedOptions& options, std::unique_ptr<remote::Sync> sync);
  void Run();
  void LoadWhereNeeded();
  bool WasClockSetBack();
  bool LoadHistory();
  void ReportProgress(const remote::SyncProgress& progress);
  void PullWhereDue();
  absl::Status PullLate(absl::Time now, absl::Duration interval);
  bool IsOwn(const Matchers& matchers) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const std::string url_;
  const SourceFeedOptions options_;
  const std::unique_ptr<remote::Sync> sync_;

  mutable absl::Mutex mutex_;
  std::set<std::string, std::less<>> written_ ABSL_GUARDED_BY(mutex_);  // metrics, by the groups
  // By selector: how far from now its samples may not be there yet.
  std::unordered_map<std::string, absl::Duration> delays_ ABSL_GUARDED_BY(mutex_);
  absl::Duration pull_interval_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();

  std::atomic<bool> stop_{false};
  std::atomic<bool> needs_history_{false};
  absl::Time newest_time_ = absl::InfinitePast();    // of the pulling thread, as the next two
  absl::Time next_pull_ = absl::InfinitePast();
  bool was_pulled_ = true;
  absl::Time next_progress_ = absl::InfinitePast();  // of the loading thread
  std::thread history_thread_, pull_thread_;
};

}  // namespace sloburn::cli
