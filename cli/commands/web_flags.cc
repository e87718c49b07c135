// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/web_flags.h"

#include "base/status_macros.h"
#include "cli/commands/flag_checks.h"
#include "cli/commands/query_flags.h"

namespace sloburn::cli {
namespace {

absl::Status ReadTimeout(std::string_view flag, const std::string& text, absl::Duration& timeout) {
  ASSIGN_OR_RETURN(timeout, ParseDurationFlag(flag, text));
  if (timeout > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(flag) + ": must be above 0");
}

}  // namespace

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
  command.add_option("--web.max-connections", max_connections_, "Connections at once")
      ->check(WholeNumber(1, 1'000'000));
  command.add_option("--web.tls-handshake-timeout", tls_handshake_timeout_,
                     "Time for the handshake of a TLS connection");
}

absl::Status WebFlags::ApplyTo(SidecarOptions& options) const {
  options.web_config_file = config_file_;
  options.external_url = external_url_;
  options.route_prefix = route_prefix_;
  web::ServerOptions& server = options.server;
  server.listen_addresses = listen_addresses_;
  server.max_connections = max_connections_;
  return ReadTimeout("--web.tls-handshake-timeout", tls_handshake_timeout_,
                     server.tls_handshake_timeout);
}

}  // namespace sloburn::cli
