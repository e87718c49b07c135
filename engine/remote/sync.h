// SPDX-License-Identifier: Apache-2.0
// Keeps a Storage filled with what the loaded rules read, pulled from a Prometheus.
//
//   ASSIGN_OR_RETURN(auto sync, Sync::Create(options, &storage));
//   sync->SetSelectors(selectors);            // at start and after each reload
//   status = sync->LoadHistory(now, progress);  // in a thread of its own; repeat where it fails
//   status = sync->PullUpTo(tick, selectors);   // before each tick: what it reads
//   status = sync->PullUpTo(now, sync->Behind(now - interval));  // now and then: all the others
//   if (sync->ClockWasSetBack(now)) ...       // where it was; then LoadHistory once more
//   if (!sync->Covers(matchers, from, to)) ... // "warming"
//
// Selectors with equal matchers are one. History is loaded in slices of time, oldest first, all
// selectors of a slice before the next slice, because a Storage takes samples of a series in time
// order only: several slices are fetched at once, and committed in order. A slice that fails leaves
// coverage as it was and is loaded again by the next call.
//
// PullUpTo fetches (covered - overlap, t] for those of its selectors whose history is loaded; what is
// stored already is skipped, what came late to the source is put in between. What is covered up to t
// is not asked for. One pull runs at a time, by up to `concurrency` requests at once; calls that wait
// for it are answered together by the next one, which asks once for a selector that several want: by
// remote read up to the latest of their times, by the query API up to each of them in turn.
// A selector that fails concerns the calls that want it, and leaves the others' alone. Where a source
// cannot be reached at all (no request of a pull of several selectors, or of two pulls, was answered),
// its error is that of everybody who waited meanwhile, and no further request is made for them.
//
// Remote read brings staleness markers and, from Prometheus, the server's external_labels on each
// series, which its own rules do not see: name them in strip_labels. The query API brings neither.
// It cannot see staleness markers either: at each pull of a selector up to t, a series of it that an
// instant query at t does not return although its newest sample is younger than lookback gets a marker
// at t, so that results at and after t equal Prometheus'. In history a series simply ages out.
// (A server with a lookback of its own, as VictoriaMetrics, decides by that.)
// Between two pulls of a selector markers are not seen: a series that ended shows for the rest of that
// time, or of its lookback, and one that ended and came back within it never ended. What a query at t
// selects at t is exact, since its selectors are pulled up to t; but the steps of a subquery look
// between. So a selector has to be pulled often also where its rules are evaluated rarely: that is what
// Behind() is for. It also keeps small what a rare tick has to wait for.
//
// Samples that the store refuses (a series that is also written here, out-of-order arrivals) are
// counted and skipped. Native histograms come by remote read, to the bit; the query API does not
// tell all that makes one, so there they are counted and skipped.
//
// With a CoverageStore the covered time of each selector outlives the process: the next one asks
// for what came since only. That holds for the same source, read in the same way. It is void where
// it ends in the future (the clock was set back: what was asked then may not have been there yet),
// or ended longer ago than the longest window reaches and resume_within. Whatever is asked twice is
// compared with what the store has, so nothing is taken for known that is not there.
//
// A reload may ask for older samples of series that are loaded already; a Storage cannot take
// these. Coverage of such a selector starts where its youngest such series starts, and
// NeedsFreshStorage() becomes true: the caller may start again with an empty Storage and Sync.
//
// Threads: every function may be called from any thread. LoadHistory and PullUpTo may run at the
// same time; two calls of the same one run one after the other, or together as told above.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "engine/model/matcher.h"
#include "engine/remote/query_api.h"
#include "engine/remote/remote_read.h"
#include "engine/remote/sample_throttle.h"
#include "engine/storage/coverage_store.h"
#include "engine/storage/storage.h"

namespace sloburn::remote {

enum class SyncMode { kAuto, kRemoteRead, kQueryApi };

std::string_view ToText(SyncMode mode);  // "auto" "remote_read" "query_api"

struct SyncSelector {
  Matchers matchers = {};
  // A query at T reads (T - oldest_ms, T - newest_ms], as engine::PreparedQuery::Selector.
  int64_t oldest_ms = 0;
  int64_t newest_ms = 0;
  std::string text = {};  // for messages
};

struct SyncOptions {
  HttpClientOptions source = {};  // url: the server's root
  SyncMode mode = SyncMode::kAuto;
  absl::Duration first_slice = absl::Hours(2);
  absl::Duration min_slice = absl::Minutes(1);
  absl::Duration max_slice = absl::Hours(24);
  // All slices that are fetched at once grow and shrink towards this together.
  int64_t samples_per_slice = 2'000'000;
  size_t concurrency = 3;              // slices of history, and requests of a pull, at once
  int64_t max_samples_per_second = 0;  // of history, on average; 0: no limit
  size_t selectors_per_request = 64;           // remote read only
  absl::Duration overlap = absl::Seconds(90);  // asked for again, for late scrapes
  absl::Duration lookback = absl::Minutes(5);
  std::vector<std::string> strip_labels = {};
  bool accept_partial = false;  // query API: answers with warnings
  RemoteReadOptions read = {};
  CoverageStore* coverage = nullptr;  // borrowed; null: nothing is remembered
  absl::Duration resume_within = absl::Hours(24);
};

struct SyncProgress {
  std::string selector;  // the selector (or the first of several) loaded last
  size_t selectors = 0;  // that are being loaded
  double fraction = 0;   // of the time to be covered
  int64_t slice_start_ms = 0, slice_end_ms = 0;
  int64_t samples = 0;  // fetched by this call so far
  double samples_per_second = 0;
  absl::Duration remaining = absl::InfiniteDuration();  // by the pace so far
};

using ProgressReceiver = std::function<void(const SyncProgress&)>;

struct SyncStats {
  SyncMode mode = SyncMode::kAuto;  // what is in use, once it is known
  size_t selectors = 0, selectors_loaded = 0;
  size_t series = 0;
  int64_t requests = 0, failures = 0;
  int64_t samples_fetched = 0;
  int64_t samples_appended = 0;
  int64_t samples_known = 0;      // fetched again, skipped
  int64_t samples_refused = 0;    // by the store
  int64_t samples_too_old = 0;    // older than what their series has already
  int64_t staleness_markers = 0;  // derived, query API only
  int64_t histogram_series = 0;   // times that one was skipped
  absl::Status last_error;        // OK after a success, unless a selector's last pull failed
  absl::Time last_success_time = absl::InfinitePast();
  int64_t covered_to_ms = 0;  // the least of the loaded selectors; 0 where there are none
  size_t selectors_resumed = 0;  // whose coverage was known at the start
  bool is_loading = false;       // LoadHistory runs, and `progress` is how far it is
  SyncProgress progress = {};
};

// Of an error of a request: whether others would fail alike.
bool CannotBeReached(const absl::Status& status);

class Sync {
 public:
  // `storage` is borrowed. No request is made. Errors: those of HttpClient::Create and of
  // CoverageStore::OpenCoverage, InvalidArgument.
  static absl::StatusOr<std::unique_ptr<Sync>> Create(SyncOptions options, Storage* storage);
  ~Sync();

  // Replaces the selectors; those that were there keep their coverage.
  void SetSelectors(const std::vector<SyncSelector>& selectors);

  // Loads, up to now_ms, the selectors that are not loaded yet. Errors: the first of the source's
  // (what was loaded before stays), ResourceExhausted where the smallest slice is still too much,
  // FailedPrecondition where the store takes no more series.
  absl::Status LoadHistory(int64_t now_ms, const ProgressReceiver& progress = nullptr);

  // Brings `selectors` (SelectorText of their matchers) up to t_ms, without those that are not loaded,
  // or not known (yet). Errors: as LoadHistory, that of one of these selectors; unless the source
  // cannot be reached, the others are pulled all the same.
  absl::Status PullUpTo(int64_t t_ms, const std::vector<std::string>& selectors);
  // The loaded selectors that are not covered up to t_ms.
  std::vector<std::string> Behind(int64_t t_ms) const;
  // The least of what those of `selectors` that are loaded are covered up to; 0 where none is.
  int64_t CoveredTo(const std::vector<std::string>& selectors) const;
  // The loaded selectors whose last pull failed, and why.
  std::unordered_map<std::string, absl::Status> Failing() const;

  // For a clock that was set back to now_ms. What was asked of the future may not have been there
  // yet: by up to `overlap` it is pulled once more; selectors that are ahead by more are loaded anew
  // by the next LoadHistory. Returns whether there are such.
  bool ClockWasSetBack(int64_t now_ms);

  // Whether everything that matches is here for [from_ms, to_ms]. False for unknown matchers.
  bool Covers(const Matchers& matchers, int64_t from_ms, int64_t to_ms) const;
  // How much of (from_ms, to_ms] is here, from 0 to 1; also while history is being loaded.
  double FractionCovered(const Matchers& matchers, int64_t from_ms, int64_t to_ms) const;
  // From where on a selector is covered; nullopt before its history is loaded, or unknown.
  std::optional<int64_t> CoveredFrom(const Matchers& matchers) const;

  bool NeedsFreshStorage() const;
  SyncStats Stats() const;

  // Ends running and later calls with Cancelled.
  void Cancel();

 private:
  struct Target;
  struct Window;
  struct Batch;
  struct Answer;
  struct Slice;
  struct Pending;
  struct Goal;
  struct Pull;
  class StoredTimes;
  // All that the source has in [first_ms, last_ms] was seen here. last_ms is the newest in the
  // store.
  struct SeriesState {
    int64_t first_ms, last_ms;
    bool is_ended = false;  // last_ms is that of a staleness marker
  };
  using Targets = std::vector<std::shared_ptr<Target>>;
  using Goals = std::vector<Goal>;

  Sync(SyncOptions options, Storage* storage, std::unique_ptr<HttpClient> client);

  // sync.cc: what is to be loaded.
  absl::Status Record(absl::Status status);
  void ForgetOldSeries(int64_t now_ms);

  // sync_pull.cc: what calls of PullUpTo need.
  Targets MissingOf(const Pull& pull) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void PullForWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(pull_mutex_);
  // Ends a call with the error of what it still misses; with `status` where that is one.
  void Fail(Pull& pull, const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(pull_mutex_, mutex_);
  // How far which targets go next.
  Goals NextGoals(const std::vector<Pull*>& pulls, const std::unordered_set<const Target*>& failed) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(pull_mutex_);
  // Adds what did not get there to `failed`. Returns an error where the source cannot be reached.
  absl::Status PullGoals(const Goals& goals, std::unordered_set<const Target*>& failed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(pull_mutex_);
  // Whether the last failure is that of a pull which waited for it.
  bool IsFailureOf(const Pull& pull) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(pull_mutex_)
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void NotePull(const Goals& goals, const absl::Status& status, bool was_answered,
                std::chrono::steady_clock::time_point begun)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(pull_mutex_);

  // sync_slices.cc: which time of which selector is next.
  class SliceLoader;
  static Goals AllUpTo(const Targets& targets, int64_t to_ms);
  int64_t StartOf(const Target& target, int64_t now_ms) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  // sync_resume.cc: coverage that outlives the process.
  absl::Status ReadCoverage();
  void Resume(const Targets& targets, int64_t now_ms);
  bool IsValid(const CoveredTime& time, int64_t now_ms) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void SaveCoverage(const std::vector<Window>& windows);
  void WriteCoverage(const std::vector<CoveredTime>& times);
  std::string SourceIdentity() const;
  int64_t CoveredFromOf(const Target& target) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  // sync_fetch.cc: asking for the windows of a slice.
  void Fetch(Slice& slice);
  void FetchInTurn(Slice& slice);
  void FetchWindows(std::vector<Window> windows, Slice& slice);
  size_t WindowsPerRequest() const;
  absl::StatusOr<Answer> FetchByRemoteRead(std::vector<Window> windows, Slice& slice);
  absl::StatusOr<Answer> FetchByQueryApi(Window window, Slice& slice);
  absl::StatusOr<std::vector<Labels>> LiveAt(const Target& target, int64_t time_ms);
  absl::Status AddSize(Slice& slice, int64_t arrived, const Window& window) const;
  void CountFetched(Slice& slice, const Batch& batch);
  void CountRequest();

  // sync_commit.cc: putting answers into the store.
  absl::Status Take(const Answer& answer);
  absl::Status MarkEnded(const Window& window, const std::vector<Labels>& answered);
  absl::Status Commit(const std::vector<Window>& windows, const Batch& batch);
  SeriesState StateOf(const Labels& labels, const Pending& pending) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  absl::Status AppendSeries(const Window& window, const SeriesSamples& series, Appender& appender,
                            StoredTimes& stored, Pending& pending) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  void Cover(const std::vector<Window>& windows);
  Labels Strip(const Labels& labels) const;

  const SyncOptions options_;
  Storage* const storage_;
  const std::unique_ptr<HttpClient> client_;
  RemoteReader reader_;
  QueryApi query_api_;

  absl::Mutex load_mutex_;  // one LoadHistory
  absl::Mutex pull_mutex_;  // one pull
  absl::once_flag cancel_once_;
  absl::Notification cancelled_;
  std::atomic<SyncMode> mode_;
  std::atomic<bool> has_query_api_{false};  // it answered
  SampleThrottle throttle_;

  absl::Duration pull_slice_ ABSL_GUARDED_BY(pull_mutex_);
  absl::Status last_failure_ ABSL_GUARDED_BY(pull_mutex_);
  bool is_failure_shared_ ABSL_GUARDED_BY(pull_mutex_) = false;  // also by other selectors
  // What was asked for first, in vain, of all since the source last answered.
  std::shared_ptr<Target> failed_alone_ ABSL_GUARDED_BY(pull_mutex_);
  std::chrono::steady_clock::time_point failure_holds_until_ ABSL_GUARDED_BY(pull_mutex_);

  // Taken before mutex_. What was appended per series.
  absl::Mutex commit_mutex_;
  std::unordered_map<Labels, SeriesState, LabelsHash> series_ ABSL_GUARDED_BY(commit_mutex_);
  size_t series_after_sweep_ ABSL_GUARDED_BY(commit_mutex_) = 0;

  mutable absl::Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Target>> targets_ ABSL_GUARDED_BY(mutex_);
  // What was covered when the process began, of selectors that were not asked for yet.
  std::unordered_map<std::string, CoveredTime> resumable_ ABSL_GUARDED_BY(mutex_);
  std::vector<Pull*> waiting_ ABSL_GUARDED_BY(mutex_);  // for the next pull
  SyncStats stats_ ABSL_GUARDED_BY(mutex_);
  bool needs_fresh_storage_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sloburn::remote
