// SPDX-License-Identifier: Apache-2.0
#include "cli/config_http.h"

#include <filesystem>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "cli/http_headers.h"
#include "cli/refused_keys.h"

namespace sloburn::cli {
namespace {

struct Context {
  const std::string& folder;
  ConfigLog& log;
};

void ReadHeaders(ConfigFields& fields, std::map<std::string, Secret>& headers) {
  fields.Read("headers", headers);
  for (const auto& [name, value] : headers) {
    const std::string lower = absl::AsciiStrToLower(name);
    if (lower == "authorization") {
      fields.Error("headers",
                   "authorization header must be changed via the basic_auth or authorization "
                   "parameter");
    } else if (IsReservedHeader(lower)) {
      fields.Error("headers", StrCat(name, " is a reserved header. It must not be changed"));
    } else if (!IsHeaderName(name)) {
      fields.Error("headers", StrCat(ShownKey(name), " is not a valid header name"));
    } else if (value.reveal().find_first_of("\r\n") != std::string::npos) {
      fields.Error("headers", StrCat("the value of header ", name, " holds a line break"));
    }
  }
}

void ReadPath(ConfigFields& fields, const Context& context, std::string_view name,
              std::string& path) {
  fields.Read(name, path);
  path = ResolvePath(context.folder, path);
}

void ReadBasicAuth(const YamlNode* node, const Context& context, BasicAuthConfig& auth) {
  ConfigFields fields(node, "basic_auth", context.log);
  fields.Read("username", auth.username);
  ReadPath(fields, context, "username_file", auth.username_file);
  fields.Read("password", auth.password);
  ReadPath(fields, context, "password_file", auth.password_file);
  if (!auth.username.empty() && !auth.username_file.empty()) {
    fields.Error("username_file",
                 "at most one of basic_auth username & username_file must be configured");
  }
  if (!auth.password.empty() && !auth.password_file.empty()) {
    fields.Error("password_file",
                 "at most one of basic_auth password & password_file must be configured");
  }
  fields.Finish({});
}

void ReadAuthorization(const YamlNode* node, const Context& context,
                       AuthorizationConfig& authorization) {
  ConfigFields fields(node, "authorization", context.log);
  fields.Read("type", authorization.type);
  fields.Read("credentials", authorization.credentials);
  ReadPath(fields, context, "credentials_file", authorization.credentials_file);
  if (absl::AsciiStrToLower(authorization.type) == "basic") {
    fields.Error("type",
                 "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  }
  if (!authorization.credentials.empty() && !authorization.credentials_file.empty()) {
    fields.Error("credentials_file",
                 "at most one of authorization credentials & credentials_file must be configured");
  }
  fields.Finish({});
}

void ReadTls(const YamlNode* node, const Context& context, TlsConfig& tls) {
  ConfigFields fields(node, "tls_config", context.log);
  ReadPath(fields, context, "ca_file", tls.ca_file);
  ReadPath(fields, context, "cert_file", tls.cert_file);
  ReadPath(fields, context, "key_file", tls.key_file);
  fields.Read("server_name", tls.server_name);
  fields.Read("insecure_skip_verify", tls.insecure_skip_verify);
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    fields.Error(tls.cert_file.empty() ? "key_file" : "cert_file",
                 "cert_file and key_file must be configured together");
  }
  fields.Finish(RefusedTlsKeys());
}

}  // namespace

std::string ResolvePath(const std::string& folder, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

void ReadHttpClient(ConfigFields& fields, const std::string& folder, ConfigLog& log,
                    std::map<std::string, Secret>& headers, HttpClientConfig& http) {
  const Context context{folder, log};
  ReadHeaders(fields, headers);
  if (fields.Has("basic_auth") && fields.Has("authorization")) {
    fields.Error("authorization", "at most one of basic_auth and authorization must be configured");
  }
  ReadBasicAuth(fields.Find("basic_auth"), context, http.basic_auth);
  ReadAuthorization(fields.Find("authorization"), context, http.authorization);
  ReadTls(fields.Find("tls_config"), context, http.tls_config);
  ReadHttpHeaders(fields.Find("http_headers"), folder, log, http.http_headers);
}

}  // namespace sloburn::cli
