// SPDX-License-Identifier: Apache-2.0
#include "web/login_check.h"

#include <utility>

namespace sloburn::web {

std::optional<PasswordVerdict> CheckLogin(PasswordChecker& passwords,
                                          const WebSecurityState& state, const Request& request,
                                          const std::string& address, PasswordChecker::Done done) {
  const std::optional<Login> login = ParseBasicAuth(request.FindHeader("Authorization"));
  if (!login) return PasswordVerdict::kRefused;
  const std::string* const hash = state.HashOf(login->user);
  const std::string decoy = hash == nullptr ? state.DecoyFor(login->user) : "";
  return passwords.Check(*login, hash, decoy, address, std::move(done));
}

Response RefuseLogin(PasswordVerdict verdict) {
  if (verdict == PasswordVerdict::kBusy) {
    Response busy = Response::PlainError(503, "503 Service Unavailable: too many logins");
    busy.SetHeader("Retry-After", "1");
    return busy;
  }
  Response refusal = Response::PlainError(401, ReasonPhrase(401));
  refusal.SetHeader("WWW-Authenticate", "Basic");
  return refusal;
}

}  // namespace sloburn::web
