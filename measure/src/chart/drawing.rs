//! A drawing: shapes and text in SVG.

use std::fmt::Write as _;

/// A point, x to the right and y down.
pub(super) type At = [f64; 2];

/// Where a text stands about its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Shapes of which each has a class, whose look the style says.
#[derive(Debug)]
pub(super) struct Drawing {
    size: At,
    body: String,
}

impl Drawing {
    pub(super) fn new(size: At) -> Self {
        Self { size, body: String::new() }
    }

    pub(super) fn line(&mut self, class: &str, from: At, to: At) {
        let ([x1, y1], [x2, y2]) = (from, to);
        self.put(&format!(r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#));
    }

    pub(super) fn curve(&mut self, class: &str, points: &[At]) {
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        self.put(&format!(r#"<polyline class="{class}" points="{}"/>"#, points.join(" ")));
    }

    /// A box with a note for who points at it.
    pub(super) fn rect(&mut self, class: &str, [x, y]: At, [width, height]: At, note: &str) {
        let note = escape(note);
        self.put(&format!(
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="2"><title>{note}</title></rect>"#
        ));
    }

    /// A dot with a note for who points at it.
    pub(super) fn dot(&mut self, class: &str, [x, y]: At, note: &str) {
        let note = escape(note);
        self.put(&format!(r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="4.5"><title>{note}</title></circle>"#));
    }

    pub(super) fn text(&mut self, class: &str, [x, y]: At, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.put(&format!(r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#));
    }

    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// As an element of a page, which has the style.
    pub(super) fn within(&self, label: &str) -> String {
        self.element(label, "", "")
    }

    /// As a file of its own.
    pub(super) fn alone(&self, label: &str, style: &str) -> String {
        self.element(label, r#" xmlns="http://www.w3.org/2000/svg""#, &format!("<style>{style}</style>\n"))
    }

    fn element(&self, label: &str, attributes: &str, before: &str) -> String {
        let [width, height] = self.size;
        let mut svg = String::new();
        let label = escape(label);
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            r#"<svg{attributes} viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">"#
        );
        svg + before + &self.body + "</svg>\n"
    }
}

/// Text as XML and HTML take it, in elements and in quoted attributes. Control characters, which XML cannot hold, become blanks.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            sign => escaped.push(sign),
        }
    }
    escaped
}

/// How wide a text is, about, in the drawings' font.
#[allow(clippy::cast_precision_loss, reason = "short texts")]
pub(super) fn width_of(text: &str) -> f64 {
    6.7 * text.chars().count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        for (text, escaped) in [
            ("plain × ≥", "plain × ≥"),
            ("</text><script>", "&lt;/text&gt;&lt;script&gt;"),
            ("a & \"b\" 'c'", "a &amp; &quot;b&quot; &#39;c&#39;"),
            ("\u{0}\u{1b}[31m\n\u{ffff}", "  [31m  "),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }
}
