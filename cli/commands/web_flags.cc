// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/web_flags.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands/flag_checks.h"
#include "cli/commands/query_flags.h"

namespace sloburn::cli {
namespace {

absl::Status MustBePositive(const std::string& flag) {
  return absl::InvalidArgumentError(flag + ": must be above 0");
}

}  // namespace

void WebFlags::AddTime(std::string name, std::string text, std::string help,
                       std::function<absl::Duration&(SidecarOptions&)> room) {
  const auto apply = [room](const Limit& limit, SidecarOptions& options) -> absl::Status {
    ASSIGN_OR_RETURN(room(options), ParseDurationFlag(limit.name, limit.text));
    return room(options) > absl::ZeroDuration() ? absl::OkStatus() : MustBePositive(limit.name);
  };
  limits_.push_back({std::move(name), std::move(help), std::move(text), apply});
}

void WebFlags::AddBytes(std::string name, std::string text, std::string help,
                        std::function<void(SidecarOptions&, int64_t)> set) {
  const auto apply = [set](const Limit& limit, SidecarOptions& options) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t bytes, ParseBytesFlag(limit.name, limit.text));
    set(options, bytes);
    return bytes > 0 ? absl::OkStatus() : MustBePositive(limit.name);
  };
  limits_.push_back({std::move(name), std::move(help), std::move(text), apply});
}

void WebFlags::AddCount(std::string name, std::string text, std::string help,
                        std::function<void(SidecarOptions&, int64_t)> set) {
  const auto apply = [set](const Limit& limit, SidecarOptions& options) -> absl::Status {
    int64_t count = 0;
    if (!absl::SimpleAtoi(limit.text, &count) || count < 1 || count > 1'000'000'000) {
      return absl::InvalidArgumentError(
          StrCat(limit.name, ": must be a whole number from 1 to 1000000000"));
    }
    set(options, count);
    return absl::OkStatus();
  };
  limits_.push_back({std::move(name), std::move(help), std::move(text), apply});
}

WebFlags::WebFlags() {
  AddServerLimits();
  AddBodyLimits();
}

void WebFlags::AddServerLimits() {
  using Options = SidecarOptions;
  AddCount("--web.max-connections", "512", "Connections at once",
           [](Options& o, int64_t n) { o.server.max_connections = static_cast<int>(n); });
  AddTime("--web.read-timeout", "5m",
          "Time to read a request, where the limits of its parts allow more, and time after which "
          "idle connections are closed",
          [](Options& o) -> absl::Duration& { return o.server.idle_timeout; });
  AddTime("--web.tls-handshake-timeout", "10s", "Time for the handshake of a TLS connection",
          [](Options& o) -> absl::Duration& { return o.server.tls_handshake_timeout; });
  AddTime("--web.header-timeout", "10s", "Time to read the head of a request",
          [](Options& o) -> absl::Duration& { return o.server.header_timeout; });
  AddTime("--web.body-timeout", "30s", "Time to read the body of a request",
          [](Options& o) -> absl::Duration& { return o.server.body_timeout; });
  AddTime("--web.request-timeout", "5m",
          "Time to answer a request, waiting included; at least --query.timeout and 10s",
          [](Options& o) -> absl::Duration& { return o.server.request_timeout; });
  AddTime("--web.write-timeout", "30s", "Time in which a client must take 256 KiB of an answer",
          [](Options& o) -> absl::Duration& { return o.server.write_timeout; });
  AddTime("--web.response-timeout", "30m", "Time in which a client must take a whole answer",
          [](Options& o) -> absl::Duration& { return o.server.response_timeout; });
  AddBytes("--web.max-uri-size", "64KB", "Bytes of a request's target",
           [](Options& o, int64_t n) { o.server.max_uri_bytes = n; });
  AddBytes("--web.max-header-size", "16KB", "Bytes of a request's headers",
           [](Options& o, int64_t n) { o.server.max_header_bytes = n; });
  AddCount("--web.max-headers", "100", "Headers of a request",
           [](Options& o, int64_t n) { o.server.max_header_count = n; });
  AddCount("--web.max-waiting-logins", "64", "Passwords that wait to be checked; others get 503",
           [](Options& o, int64_t n) { o.security_limits.passwords.max_waiting = n; });
  AddCount("--web.max-waiting-logins-per-address", "8", "Of these, of one client address",
           [](Options& o, int64_t n) { o.security_limits.passwords.max_waiting_per_address = n; });
}

void WebFlags::AddBodyLimits() {
  using Options = SidecarOptions;
  AddBytes("--web.max-body-size", "1MB", "Bytes of a request's body",
           [](Options& o, int64_t n) { o.server.max_body_bytes = n; });
  AddBytes("--web.max-write-body-size", "32MB",
           "Bytes of a body of remote write or read, as it is sent",
           [](Options& o, int64_t n) { o.server.max_write_body_bytes = n; });
  AddBytes("--web.max-decoded-body-size", "32MB", "Bytes of such a body when decompressed",
           [](Options& o, int64_t n) {
             o.write_limits.max_decoded_bytes = n;
             o.read_limits.max_decoded_bytes = n;
           });
  AddBytes("--web.max-buffered-bodies", "512MB", "Bytes of all bodies that are being received",
           [](Options& o, int64_t n) { o.server.max_buffered_body_bytes = n; });
  AddBytes("--web.max-response-size", "1GB", "Bytes of an answer that is not streamed",
           [](Options& o, int64_t n) { o.max_response_bytes = n; });
  AddBytes("--web.max-buffered-responses", "2GB", "Bytes of all such answers that are being sent",
           [](Options& o, int64_t n) { o.server.max_buffered_response_bytes = n; });
  AddCount("--web.max-points-per-series", "11000", "Steps of a range query",
           [](Options& o, int64_t n) { o.max_points_per_series = n; });
  AddCount("--web.remote-write-receiver.max-samples", "1000000", "Samples of a request",
           [](Options& o, int64_t n) { o.write_limits.max_samples = n; });
  AddCount("--web.remote-write-receiver.max-labels", "1024", "Labels of a series",
           [](Options& o, int64_t n) { o.write_limits.max_labels_per_series = n; });
  AddTime("--web.remote-write-receiver.max-ahead", "10m", "How far ahead of the clock samples may be",
          [](Options& o) -> absl::Duration& { return o.write_limits.max_ahead; });
  AddBytes("--web.remote-write-receiver.max-text-size", "128MB",
           "Bytes of labels and metadata of a 2.0 request, written out",
           [](Options& o, int64_t n) { o.write_limits.max_text_bytes = n; });
  AddBytes("--web.remote-write-receiver.max-error-size", "64KB",
           "Bytes of what an answer tells of refused samples",
           [](Options& o, int64_t n) { o.write_limits.max_error_bytes = n; });
}

void WebFlags::AddTo(CLI::App& command) {
  command.add_option("--web.listen-address", listen_addresses_,
                     "HOST:PORT to listen on; may be repeated");
  command.add_option("--web.config.file", config_file_,
                     "File with TLS, logins and headers of the server, in Prometheus' format");
  command.add_option("--web.external-url", external_url_,
                     "URL by which others reach this server, for links in alerts; its path is the "
                     "prefix of all paths. Default: this machine and the port");
  command.add_option("--web.route-prefix", route_prefix_,
                     "Prefix of all paths; default: the path of --web.external-url");
  for (Limit& limit : limits_) command.add_option(limit.name, limit.text, limit.help);
}

absl::Status WebFlags::ApplyTo(SidecarOptions& options) const {
  options.web_config_file = config_file_;
  options.external_url = external_url_;
  options.route_prefix = route_prefix_;
  web::ServerOptions& server = options.server;
  server.listen_addresses = listen_addresses_;
  for (const Limit& limit : limits_) RETURN_IF_ERROR(limit.apply(limit, options));
  server.header_timeout = std::min(server.header_timeout, server.idle_timeout);
  server.body_timeout = std::min(server.body_timeout, server.idle_timeout);
  return absl::OkStatus();
}

}  // namespace sloburn::cli
