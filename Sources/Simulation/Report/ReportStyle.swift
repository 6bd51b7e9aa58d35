extension ReportPage {
  static let style = #"""
    """#
}
