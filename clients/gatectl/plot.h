// Small plots of text.
#ifndef CLIENTS_GATECTL_PLOT_H_
#define CLIENTS_GATECTL_PLOT_H_

#include <span>
#include <string>

#include "clients/gatectl/terminal.h"

namespace gate::ctl {

// Values over time as a row of bars from `low` to `high`: "▁▂▅█", without Unicode "_.=#". As many
// columns as `width` at the most: neighbours are put together by their mean. What is no number is
// a blank.
std::string Sparkline(std::span<const double> values, double low, double high, int width,
                      bool unicode);

// A ratio with its bounds on a line of log scale from 1/8 to 8, with its limit:
// "     ├──●──┤ ¦        ". What lies beyond is drawn at the edge.
std::string RatioBar(double lower, double estimate, double upper, double limit, int width,
                     bool unicode);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_PLOT_H_
