// SPDX-License-Identifier: Apache-2.0
// sloburn: rules and SLOs beside Prometheus. See `sloburn --help`.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands/commands.h"
#include "cli/exit_status.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  CLI::App app("Evaluates Prometheus recording rules, alerts and SLOs exactly as Prometheus does.");
  app.name("sloburn");
  app.set_version_flag("--version", std::string("sloburn, version ") + sloburn::kVersion);
  app.require_subcommand(1);
  int exit_code = sloburn::cli::kExitOk;
  sloburn::cli::AddServeCommand(app, exit_code);
  sloburn::cli::AddDemoCommand(app, exit_code);
  sloburn::cli::AddQueryCommand(app, exit_code);
  sloburn::cli::AddCheckCommand(app, exit_code);
  sloburn::cli::AddSloCommand(app, exit_code);
  sloburn::cli::AddFmtCommand(app, exit_code);
  sloburn::cli::AddPromqltestCommand(app, exit_code);
  sloburn::cli::AddVersionCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has codes of its own; ours is one for every misuse.
    return app.exit(error) == 0 ? sloburn::cli::kExitOk : sloburn::cli::kExitUsage;
  }
  return exit_code;
}
