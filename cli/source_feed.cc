// SPDX-License-Identifier: Apache-2.0
#include "cli/source_feed.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

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

// Whether a selector can only find series that the loaded rules write themselves.
bool ReadsOnlyOwnSeries(const Matchers& matchers, const std::set<std::string>& written) {
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName && matcher.type() == parser::MatchType::kEqual) {
      return written.count(matcher.value()) > 0;
    }
  }
  return false;
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
  sync_options.max_samples_per_second = options.max_samples_per_second;
  sync_options.coverage = options.coverage;
  ASSIGN_OR_RETURN(auto sync, remote::Sync::Create(std::move(sync_options), options.storage));
  return std::unique_ptr<SourceFeed>(new SourceFeed(config.url, options, std::move(sync)));
}

SourceFeed::SourceFeed(std::string url, const SourceFeedOptions& options,
                       std::unique_ptr<remote::Sync> sync)
    : url_(std::move(url)), options_(options), sync_(std::move(sync)) {}

void SourceFeed::SetDemand(const SourceDemand& demand) {
  std::vector<remote::SyncSelector> selectors;
  for (const auto& selector : demand.selectors) {
    if (ReadsOnlyOwnSeries(selector.matchers, demand.written)) continue;
    int64_t oldest = selector.oldest_ms;
    // A window pinned by @ is reached by going back as far as it lies.
    if (selector.has_at) oldest = std::max(oldest, options_.clock->NowMs() - selector.at_min_ms);
    selectors.push_back({selector.matchers, oldest, selector.newest_ms, selector.text});
  }
  sync_->SetSelectors(selectors);
  {
    absl::MutexLock lock(&mutex_);
    written_ = demand.written;
    pull_interval_ = demand.pull_interval;
  }
  needs_history_ = true;
}

void SourceFeed::Start() {
  thread_ = std::thread([this] { Run(); });
}

void SourceFeed::Stop() {
  stop_ = true;
  options_.clock->Wake();
  sync_->Cancel();
  if (thread_.joinable()) thread_.join();
}

void SourceFeed::Run() {
  absl::Time next_load = absl::InfinitePast();
  do {
    if (WasClockSetBack()) next_load = next_pull_ = absl::InfinitePast();
    if (options_.clock->Now() >= next_load && needs_history_.exchange(false) && !LoadHistory()) {
      needs_history_ = true;
      next_load = options_.clock->Now() + kHistoryRetry;
    }
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
  next_pull_ = now + interval;
  const absl::Status status = sync_->PullUpTo(absl::ToUnixMillis(now));
  if (!status.ok() && was_pulled_ && !stop_) {
    Log(LogLevel::kWarn, "Pulling new samples for SLOs failed; trying again at each interval",
        {{"err", std::string(status.message())}, {"interval", absl::FormatDuration(interval)}});
  }
  was_pulled_ = status.ok();
}

bool SourceFeed::Covers(const engine::PreparedQuery::Selector& selector, int64_t eval_ms,
                        std::string* why) const {
  {
    absl::MutexLock lock(&mutex_);
    if (ReadsOnlyOwnSeries(selector.matchers, written_)) return true;
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
