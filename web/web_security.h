// SPDX-License-Identifier: Apache-2.0
// The web configuration in force: TLS, logins, headers and the rate limit of a server.
//
//   ASSIGN_OR_RETURN(auto security, WebSecurity::Open("web.yml", ParseWebConfig));
//   std::shared_ptr<const WebSecurityState> state = security->Current();  // per connection, request
//
// Each call of Current looks whether the file, or a file that it names, has changed, and reads them
// again where one has: certificates and users are replaced without a restart. Where the new files
// cannot be used, the state before stays and the cause is logged, once for each content. Turning
// TLS on or off needs a restart.
//
// Threads: all functions may be called from any thread; while one reads, the others get what was.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "web/password_check.h"
#include "web/web_config.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace sloburn::web {

struct WebSecurityState {
  std::shared_ptr<SSL_CTX> tls;  // null: plain HTTP
  std::vector<Header> headers;
  std::map<std::string, std::string, std::less<>> users;  // name -> bcrypt hash
  RateLimit rate_limit;

  const std::string* HashOf(std::string_view user) const;
  // A hash that no password has and that costs what the hash of a user costs, so that time does
  // not tell whether `user` exists. REQUIRES: there are users.
  std::string DecoyFor(std::string_view user) const;
};

struct WebSecurityLimits {
  size_t max_file_bytes = 1 << 20;  // of each file
  PasswordLimits passwords;
};

class WebSecurity {
 public:
  // `path` is for messages and where relative paths start.
  using Parser =
      std::function<absl::StatusOr<WebConfig>(const std::string& path, std::string_view text)>;

  // Errors: those of the parser, of files that cannot be read, and of TLS.
  static absl::StatusOr<std::shared_ptr<WebSecurity>> Open(std::string file, Parser parser,
                                                           WebSecurityLimits limits = {});

  std::shared_ptr<const WebSecurityState> Current();
  // False when the rate limit says that a request must be refused.
  bool AdmitRequest(const RateLimit& limit);
  PasswordChecker& passwords() { return passwords_; }

  // 1 while the newest files are in force, else 0.
  bool last_reload_succeeded() const;

 private:
  // What tells whether a file has changed.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;  // -1: cannot be looked at
    absl::Time modified = absl::InfinitePast(), changed = absl::InfinitePast();
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  // Of one reading of all files.
  struct Reading {
    std::map<std::string, Stamp> stamps;
    bool is_settled = false;  // no file was so young that it may change within its time stamp
    std::string content;      // of all files, to compare
    absl::StatusOr<WebConfig> config;
  };

  WebSecurity(std::string file, Parser parser, const WebSecurityLimits& limits)
      : file_(std::move(file)),
        parser_(std::move(parser)),
        limits_(limits),
        passwords_(limits.passwords) {}

  static Stamp StampOf(const std::string& path);
  absl::StatusOr<std::string> ReadStamped(const std::string& path, Reading& reading) const;
  Reading Read() const;
  static absl::StatusOr<std::shared_ptr<const WebSecurityState>> Build(WebConfig config);
  bool HasChanged() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_mutex_);
  absl::Status TakeChange(Reading& reading) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_mutex_);

  const std::string file_;
  const Parser parser_;
  const WebSecurityLimits limits_;
  PasswordChecker passwords_;

  absl::Mutex reading_mutex_;
  std::map<std::string, Stamp> stamps_ ABSL_GUARDED_BY(reading_mutex_);
  bool is_settled_ ABSL_GUARDED_BY(reading_mutex_) = false;
  std::string content_ ABSL_GUARDED_BY(reading_mutex_);  // of the last reading, good or bad

  mutable absl::Mutex mutex_;
  std::shared_ptr<const WebSecurityState> state_ ABSL_GUARDED_BY(mutex_);
  bool last_reload_succeeded_ ABSL_GUARDED_BY(mutex_) = true;
  RateLimit bucket_limit_ ABSL_GUARDED_BY(mutex_);
  double tokens_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time tokens_time_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::web
