// SPDX-License-Identifier: Apache-2.0
#include "web/web_security.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/read_file.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "web/tls_context.h"

namespace sloburn::web {
namespace {

// Two writes within one tick of a file system's clock leave the same time.
constexpr absl::Duration kTimeStampSlack = absl::Seconds(2);

}  // namespace

const std::string* WebSecurityState::HashOf(std::string_view user) const {
  const auto found = users.find(user);
  return found == users.end() ? nullptr : &found->second;
}

std::string WebSecurityState::DecoyFor(std::string_view user) const {
  auto one = users.begin();
  std::advance(one, std::hash<std::string_view>()(user) % users.size());
  return UnusableHash(BcryptCost(one->second).value_or(10));
}

WebSecurity::Stamp WebSecurity::StampOf(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, absl::TimeFromTimespec(found.st_mtim),
          absl::TimeFromTimespec(found.st_ctim)};
}

absl::StatusOr<std::string> WebSecurity::ReadStamped(const std::string& path,
                                                     Reading& reading) const {
  // Looked at before it is read: a change in between is then seen the next time.
  const Stamp stamp = StampOf(path);
  reading.stamps[path] = stamp;
  if (absl::Now() - std::max(stamp.modified, stamp.changed) < kTimeStampSlack) {
    reading.is_settled = false;
  }
  struct stat found;
  if (stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    return absl::InvalidArgumentError(StrCat("open ", path, ": not a regular file"));
  }
  absl::StatusOr<std::string> text = ReadFile(path, limits_.max_file_bytes);
  StrAppend(&reading.content, path, ":",
            text.ok() ? *text : std::string(text.status().message()), "\n");
  return text;
}

WebSecurity::Reading WebSecurity::Read() const {
  Reading reading;
  reading.is_settled = true;
  const auto read_pem = [&](const char* field, const std::string& path, std::string& room) {
    if (path.empty()) return absl::OkStatus();
    absl::StatusOr<std::string> text = ReadStamped(path, reading);
    if (text.ok()) room = *std::move(text);
    return text.ok() ? absl::OkStatus()
                     : absl::Status(text.status().code(),
                                    StrCat(file_, ": failed to read ", field, " (", path, "): ",
                                           std::string(text.status().message())));
  };
  reading.config = [&]() -> absl::StatusOr<WebConfig> {
    ASSIGN_OR_RETURN(const std::string text, ReadStamped(file_, reading));
    ASSIGN_OR_RETURN(WebConfig config, parser_(file_, text));
    if (!config.tls) return config;
    TlsServerConfig& tls = *config.tls;
    RETURN_IF_ERROR(read_pem("cert_file", tls.cert_file, tls.cert));
    RETURN_IF_ERROR(read_pem("key_file", tls.key_file, tls.key));
    RETURN_IF_ERROR(read_pem("client_ca_file", tls.client_ca_file, tls.client_ca));
    return config;
  }();
  return reading;
}

absl::StatusOr<std::shared_ptr<const WebSecurityState>> WebSecurity::Build(WebConfig config) {
  auto state = std::make_shared<WebSecurityState>();
  if (config.tls) {
    ASSIGN_OR_RETURN(state->tls, NewTlsContext(*config.tls));
  }
  state->headers = std::move(config.headers);
  state->users = std::move(config.users);
  state->rate_limit = config.rate_limit;
  return state;
}

absl::StatusOr<std::shared_ptr<WebSecurity>> WebSecurity::Open(std::string file, Parser parser,
                                                               WebSecurityLimits limits) {
  std::shared_ptr<WebSecurity> security(
      new WebSecurity(std::move(file), std::move(parser), limits));
  Reading reading = security->Read();
  RETURN_IF_ERROR(reading.config.status());
  const bool wants_http2 = reading.config->wants_http2;
  auto state = Build(*std::move(reading.config));
  if (!state.ok()) {
    return absl::Status(state.status().code(),
                        StrCat(security->file_, ": ", std::string(state.status().message())));
  }
  if (wants_http2 && (*state)->tls != nullptr) {
    Log(LogLevel::kWarn, "HTTP/2 is not offered; clients speak HTTP/1.1 instead",
        {{"filename", security->file_}, {"setting", "http_server_config.http2"}});
  }
  absl::MutexLock reading_lock(&security->reading_mutex_);
  absl::MutexLock lock(&security->mutex_);
  security->stamps_ = std::move(reading.stamps);
  security->is_settled_ = reading.is_settled;
  security->content_ = std::move(reading.content);
  security->state_ = *std::move(state);
  return security;
}

bool WebSecurity::HasChanged() const {
  if (!is_settled_) return true;
  return std::any_of(stamps_.begin(), stamps_.end(), [](const auto& one) {
    return !(StampOf(one.first) == one.second);
  });
}

absl::Status WebSecurity::TakeChange(Reading& reading) {
  RETURN_IF_ERROR(reading.config.status());
  ASSIGN_OR_RETURN(std::shared_ptr<const WebSecurityState> state,
                   Build(*std::move(reading.config)));
  absl::MutexLock lock(&mutex_);
  if ((state->tls == nullptr) != (state_->tls == nullptr)) {
    return absl::FailedPreconditionError(
        "tls_server_config was added or removed, which only a restart can apply");
  }
  state_ = std::move(state);
  return absl::OkStatus();
}

std::shared_ptr<const WebSecurityState> WebSecurity::Current() {
  if (reading_mutex_.TryLock()) {
    if (HasChanged()) {
      Reading reading = Read();
      stamps_ = std::move(reading.stamps);
      is_settled_ = reading.is_settled;
      if (reading.content != content_) {
        content_ = std::move(reading.content);
        const absl::Status status = TakeChange(reading);
        if (status.ok()) {
          Log(LogLevel::kInfo, "Web configuration is reloaded", {{"filename", file_}});
        } else {
          Log(LogLevel::kError, "Web configuration cannot be used; the one before stays in force",
              {{"filename", file_}, {"err", std::string(status.message())}});
        }
        absl::MutexLock lock(&mutex_);
        last_reload_succeeded_ = status.ok();
      }
    }
    reading_mutex_.Unlock();
  }
  absl::MutexLock lock(&mutex_);
  return state_;
}

bool WebSecurity::AdmitRequest(const RateLimit& limit) {
  if (limit.interval <= absl::ZeroDuration()) return true;
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mutex_);
  if (bucket_limit_ != limit) {
    bucket_limit_ = limit;
    tokens_ = static_cast<double>(limit.burst);
    tokens_time_ = now;
  }
  // A clock that is set back gives nothing and takes nothing.
  const double earned = std::max(0.0, absl::FDivDuration(now - tokens_time_, limit.interval));
  tokens_ = std::min(static_cast<double>(limit.burst), tokens_ + earned);
  tokens_time_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

bool WebSecurity::last_reload_succeeded() const {
  absl::MutexLock lock(&mutex_);
  return last_reload_succeeded_;
}

}  // namespace sloburn::web
