// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/script_storage.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "cli/promqltest/custom_bucket_load.h"

namespace sloburn::cli {
namespace {

MemoryStorageOptions OptionsOf(ChunkSizes chunks) {
  MemoryStorageOptions options;
  options.chunks = chunks;
  return options;
}

absl::StatusOr<std::string> MakeFolder() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  if (error) return absl::InternalError(absl::StrCat("temporary folder: ", error.message()));
  std::string name = (parent / "sloburn-promqltest-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return absl::InternalError(absl::StrCat(name, ": cannot be made"));
  }
  return name;
}

absl::Status AppendCustomBuckets(const LoadCommand& load, Appender& appender) {
  ASSIGN_OR_RETURN(const auto made, CustomBucketHistograms(load));
  for (const SeriesSamples& series : made) {
    for (const HistogramSample& sample : series.histograms) {
      RETURN_IF_ERROR(
          appender.AppendHistogram(series.labels, sample.timestamp_ms, sample.histogram));
    }
  }
  return absl::OkStatus();
}

}  // namespace

ScriptStorage::ScriptStorage(ChunkSizes chunks, bool is_on_disk)
    : options_(OptionsOf(chunks)), is_on_disk_(is_on_disk) {}

ScriptStorage::~ScriptStorage() {
  durable_ = nullptr;
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

absl::Status ScriptStorage::Clear() {
  RETURN_IF_ERROR(Close());
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
  if (error) return absl::InternalError(absl::StrCat(folder_, ": ", error.message()));
  folder_.clear();
  if (is_on_disk_) {
    ASSIGN_OR_RETURN(folder_, MakeFolder());
  }
  return Open();
}

absl::Status ScriptStorage::Load(const LoadCommand& load) {
  auto appender = memory_->NewAppender();
  for (const ScriptSeries& series : load.series) {
    for (size_t i = 0; i < series.values.size(); ++i) {
      const ScriptValue& value = series.values[i];
      if (value.is_omitted) continue;
      const int64_t time_ms = load.step_ms * static_cast<int64_t>(i);
      const int64_t start_ms = value.start_offset_ms ? time_ms + *value.start_offset_ms : 0;
      RETURN_IF_ERROR(
          appender->AppendStarted(series.labels, time_ms, start_ms, value.value, value.histogram));
    }
  }
  if (load.with_custom_buckets) RETURN_IF_ERROR(AppendCustomBuckets(load, *appender));
  RETURN_IF_ERROR(appender->Commit());
  if (!is_on_disk_) return absl::OkStatus();
  RETURN_IF_ERROR(Close());
  return Open();
}

absl::Status ScriptStorage::Close() {
  if (durable_ == nullptr) return absl::OkStatus();
  const absl::Status status = durable_->Close();
  durable_ = nullptr;
  return status;
}

absl::Status ScriptStorage::Open() {
  memory_ = std::make_unique<MemoryStorage>(options_);
  if (!is_on_disk_) return absl::OkStatus();
  DurableOptions options;
  options.sync = StorageSync::kOff;
  ASSIGN_OR_RETURN(durable_, DurableStorage::Open(folder_ + "/sloburn.db", options, *memory_));
  if (durable_->problems().empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrJoin(durable_->problems(), "; "));
}

}  // namespace sloburn::cli
