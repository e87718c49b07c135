// SPDX-License-Identifier: Apache-2.0
#include "cli/source_feed.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "cli/http_options.h"
#include "cli/progress_bar.h"
#include "parser/printer.h"

namespace sloburn::cli {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(200);
constexpr absl::Duration kHistoryRetry = absl::Seconds(5);
constexpr absl::Duration kClockStep = absl::Seconds(1);  // what is less is slewed, or jitter
constexpr absl::Duration kProgressInterval = absl::Seconds(10);
constexpr int kLooksPerInterval = 4;        // for what no tick has pulled
constexpr size_t kSelectorsAtOnce = 16;     // of these; ticks get in between

remote::SyncMode ToSyncMode(SourceMode mode) {
  switch (mode) {
    case SourceMode::kRemoteRead:
      return remote::SyncMode::kRemoteRead;
    case SourceMode::kQuery:
      return remote::SyncMode::kQueryApi;
    case SourceMode::kAuto:
      break;
  }
  return remote::SyncMode::kAuto;
}

std::string LoadedSoFar(double fraction) {
  if (fraction <= 0) return "none is loaded yet";
  return absl::StrFormat("%.1f%% is loaded yet", std::floor(1000 * fraction) / 10);
}

// Whole seconds: the rest is guessed anyway.
std::string TimeLeft(const remote::SyncProgress& progress) {
  return absl::FormatDuration(absl::Ceil(progress.remaining, absl::Seconds(1)));
}

void ShowBar(const remote::SyncProgress& progress) {
  std::fprintf(stderr, "\rloading history %s  %lld samples, %.0f/s, %s left   ",
               ProgressBar(progress.fraction).c_str(), static_cast<long long>(progress.samples),
               progress.samples_per_second, TimeLeft(progress).c_str());
  if (progress.fraction >= 1) std::fputc('\n', stderr);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SourceFeed>> SourceFeed::Create(const SourceConfig& config,
                                                               const SourceFeedOptions& options) {
  remote::SyncOptions sync_options;
  sync_options.source = ToHttpOptions(config.url, config.http, config.headers, config.timeout);
  // History streams for long; a source that says nothing for this long hangs.
  sync_options.source.idle_timeout = config.timeout;
  sync_options.mode = ToSyncMode(config.mode);
  sync_options.lookback = options.lookback;
  sync_options.concurrency = static_cast<size_t>(config.concurrency);
  // History and a pull run side by side.
  sync_options.source.max_idle_connections =
      std::max(sync_options.source.max_idle_connections, 2 * sync_options.concurrency);
  sync_options.max_samples_per_second = options.max_samples_per_second;
  sync_options.coverage = options.coverage;
  ASSIGN_OR_RETURN(auto sync, remote::Sync::Create(std::move(sync_options), options.storage));
  return std::unique_ptr<SourceFeed>(new SourceFeed(config.url, options, std::move(sync)));
}

SourceFeed::SourceFeed(std::string url, const SourceFeedOptions& options,
                       std::unique_ptr<remote::Sync> sync)
    : url_(std::move(url)), options_(options), sync_(std::move(sync)) {}

bool SourceFeed::IsOwn(const Matchers& matchers) const {
  return written_.contains(rules::MetricOf(matchers));
}

void SourceFeed::SetDemand(const SourceDemand& demand) {
  std::set<std::string, std::less<>> written;
  std::unordered_map<std::string, absl::Duration> delays;
  for (const rules::GroupSeries& group : demand.groups) {
    written.insert(group.writes.begin(), group.writes.end());
    for (const std::string& selector : group.reads->selectors) {
      const auto [delay, is_new] = delays.emplace(selector, group.query_offset);
      if (!is_new) delay->second = std::max(delay->second, group.query_offset);
    }
  }
  absl::MutexLock lock(&mutex_);
  written_ = std::move(written);
  delays_ = std::move(delays);
  pull_interval_ = demand.pull_interval;
  std::vector<remote::SyncSelector> selectors;
  for (const auto& selector : demand.selectors) {
    if (IsOwn(selector.matchers)) continue;
    int64_t oldest = selector.oldest_ms;
    // A window pinned by @ is reached by going back as far as it lies.
    if (selector.has_at) oldest = std::max(oldest, options_.clock->NowMs() - selector.at_min_ms);
    selectors.push_back({selector.matchers, oldest, selector.newest_ms, selector.text});
  }
  sync_->SetSelectors(selectors);
  needs_history_ = true;
}

void SourceFeed::Start() {
  history_thread_ = std::thread([this] { LoadWhereNeeded(); });
  pull_thread_ = std::thread([this] { Run(); });
}

void SourceFeed::Stop() {
  stop_ = true;
  options_.clock->Wake();
  sync_->Cancel();
  for (std::thread* const thread : {&history_thread_, &pull_thread_}) {
    if (thread->joinable()) thread->join();
  }
}

void SourceFeed::LoadWhereNeeded() {
  absl::Time next_load = absl::InfinitePast();
  do {
    const absl::Time now = options_.clock->Now();
    // Longer than that is a clock that was set back.
    const bool is_due = now >= next_load || next_load - now > kHistoryRetry;
    if (!is_due || !needs_history_.exchange(false) || LoadHistory()) continue;
    needs_history_ = true;
    next_load = options_.clock->Now() + kHistoryRetry;
  } while (options_.clock->SleepUntil(options_.clock->Now() + kPoll, stop_));
}

void SourceFeed::Run() {
  do {
    if (WasClockSetBack()) next_pull_ = absl::InfinitePast();
    PullWhereDue();
  } while (options_.clock->SleepUntil(options_.clock->Now() + kPoll, stop_));
}

bool SourceFeed::WasClockSetBack() {
  const absl::Time now = options_.clock->Now();
  const absl::Duration back = newest_time_ - now;
  newest_time_ = now;
  if (back < kClockStep) return false;
  Log(LogLevel::kWarn, "The clock was set back", {{"by", absl::FormatDuration(back)}});
  if (sync_->ClockWasSetBack(absl::ToUnixMillis(now))) {
    Log(LogLevel::kWarn, "History is loaded anew: what was pulled while the clock was ahead may "
                         "not be all of it");
    needs_history_ = true;
  }
  return true;
}

void SourceFeed::ReportProgress(const remote::SyncProgress& progress) {
  if (options_.shows_progress) return ShowBar(progress);
  const absl::Time now = absl::Now();
  if (now < next_progress_) return;
  next_progress_ = now + kProgressInterval;
  Log(LogLevel::kInfo, "Loading history",
      {{"done", absl::StrFormat("%.1f%%", 100 * progress.fraction)},
       {"samples", absl::StrCat(progress.samples)},
       {"samples_per_second", absl::StrFormat("%.0f", progress.samples_per_second)},
       {"remaining", TimeLeft(progress)}});
}

bool SourceFeed::LoadHistory() {
  next_progress_ = absl::Now() + kProgressInterval;
  const absl::Status status =
      sync_->LoadHistory(options_.clock->NowMs(),
                         [this](const remote::SyncProgress& p) { ReportProgress(p); });
  if (stop_) return true;
  if (status.ok()) {
    Log(LogLevel::kInfo, "History is loaded",
        {{"samples", absl::StrCat(sync_->Stats().samples_appended)},
         {"fetched", absl::StrCat(sync_->Stats().samples_fetched)}});
    return true;
  }
  Log(LogLevel::kError, "Loading history failed; trying again",
      {{"err", std::string(status.message())}, {"pause", absl::FormatDuration(kHistoryRetry)}});
  return false;
}

void SourceFeed::PullWhereDue() {
  absl::Duration interval;
  {
    absl::MutexLock lock(&mutex_);
    interval = pull_interval_;
  }
  const absl::Time now = options_.clock->Now();
  if (interval == absl::InfiniteDuration() || now < next_pull_ || stop_) return;
  const absl::Status status = PullLate(now, interval);
  next_pull_ = now + (status.ok() ? interval / kLooksPerInterval : interval);
  if (!status.ok() && was_pulled_ && !stop_) {
    Log(LogLevel::kWarn, "Pulling new samples besides ticks failed; trying again at each interval",
        {{"err", std::string(status.message())}, {"interval", absl::FormatDuration(interval)}});
  }
  was_pulled_ = status.ok();
}

absl::Status SourceFeed::PullLate(absl::Time now, absl::Duration interval) {
  std::map<absl::Duration, std::vector<std::string>> late;  // by delay
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [selector, delay] : delays_) late[delay];
    late[absl::ZeroDuration()];  // of SLOs
  }
  for (auto& [delay, selectors] : late) {
    for (std::string& selector : sync_->Behind(absl::ToUnixMillis(now - delay - interval))) {
      absl::MutexLock lock(&mutex_);
      const auto own = delays_.find(selector);
      const absl::Duration its = own == delays_.end() ? absl::ZeroDuration() : own->second;
      if (its == delay) selectors.push_back(std::move(selector));
    }
  }
  absl::Status first_error;
  for (const auto& [delay, selectors] : late) {
    for (size_t i = 0; i < selectors.size() && !stop_; i += kSelectorsAtOnce) {
      const auto begin = selectors.begin() + static_cast<ptrdiff_t>(i);
      const size_t count = std::min(kSelectorsAtOnce, selectors.size() - i);
      const absl::Status status = sync_->PullUpTo(
          absl::ToUnixMillis(now - delay), {begin, begin + static_cast<ptrdiff_t>(count)});
      if (remote::CannotBeReached(status)) return status;
      first_error.Update(status);
    }
  }
  return first_error;
}

absl::Status SourceFeed::BeforeTick(const rules::GroupReads& reads, int64_t t_ms) {
  return sync_->PullUpTo(t_ms, reads.selectors);
}

bool SourceFeed::Covers(const engine::PreparedQuery::Selector& selector, int64_t eval_ms,
                        std::string* why) const {
  {
    absl::MutexLock lock(&mutex_);
    if (IsOwn(selector.matchers)) return true;
  }
  const int64_t from = selector.has_at ? selector.at_min_ms : eval_ms - selector.oldest_ms;
  const int64_t to =
      std::min(eval_ms, selector.has_at ? selector.at_max_ms : eval_ms - selector.newest_ms);
  if (sync_->Covers(selector.matchers, from, to)) return true;
  const auto covered_from = sync_->CoveredFrom(selector.matchers);
  *why = absl::StrCat(
      selector.text, " needs ", parser::FormatDuration(selector.oldest_ms - selector.newest_ms),
      " of history, ",
      covered_from
          ? absl::StrCat("loaded back to ",
                         absl::FormatTime(absl::FromUnixMillis(*covered_from), absl::UTCTimeZone()))
          : LoadedSoFar(sync_->FractionCovered(selector.matchers, from, to)));
  if (options_.storage->ForgottenBefore() > from + 1) {
    absl::StrAppend(why, "; retention forgets what is older: --storage.retention.time or "
                         "--storage.retention.size is too small for this rule");
  } else if (covered_from && *covered_from > from && sync_->NeedsFreshStorage()) {
    absl::StrAppend(why, options_.coverage == nullptr
                             ? "; a restart loads what is older"
                             : "; what is older can only be loaded into a new --storage.path");
  }
  return false;
}

std::string SourceFeed::WhyNotReady() const {
  const remote::SyncStats stats = sync_->Stats();
  if (!stats.last_error.ok()) {
    return absl::StrCat("source ", url_, ": ", std::string(stats.last_error.message()));
  }
  if (stats.selectors_loaded < stats.selectors) {
    return absl::StrCat("warming: ", stats.selectors_loaded, " of ", stats.selectors,
                        " selectors have their history",
                        stats.is_loading ? absl::StrFormat("; %.1f%% of the time is loaded, %s left",
                                                           100 * stats.progress.fraction,
                                                           TimeLeft(stats.progress))
                                         : "");
  }
  return "";
}

}  // namespace sloburn::cli
