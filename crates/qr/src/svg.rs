//! Modules to SVG: a white square, and all dark runs as horizontal strokes of one path.

use crate::grid::Grid;

pub(crate) fn draw(rows: &Grid, margin: usize) -> String {
    let side = rows.side() + 2 * margin;
    let mut svg = Pen(String::new());
    svg.text("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    svg.numbers(&[
        (side, " "),
        (side, "\" shape-rendering=\"crispEdges\"><rect width=\""),
    ]);
    svg.numbers(&[
        (side, "\" height=\""),
        (side, "\" fill=\"#fff\"/><path stroke=\"#000\" d=\""),
    ]);
    for y in 0..rows.side() {
        let mut end = None;
        for (x, length) in dark_runs(rows, y) {
            let x = x + margin;
            match end {
                // Strokes are one unit wide and lie in the middle of their row, hence the half.
                None => {
                    svg.text("M");
                    svg.numbers(&[(x, " "), (y + margin, ".5h")]);
                }
                Some(end) => {
                    svg.text("m");
                    svg.numbers(&[(x - end, " 0h")]);
                }
            }
            svg.numbers(&[(length, "")]);
            end = Some(x + length);
        }
    }
    svg.text("\"/></svg>");
    svg.0
}

/// Writes text and numbers. In the browser's module the standard library's formatting weighs more
/// than the rest of the drawing.
struct Pen(String);

impl Pen {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Numbers below a thousand, each with what follows.
    fn numbers(&mut self, numbers: &[(usize, &str)]) {
        for &(number, after) in numbers {
            for unit in [100, 10, 1] {
                if number >= unit || unit == 1 {
                    self.0.push(char::from(b"0123456789"[number / unit % 10]));
                }
            }
            self.text(after);
        }
    }
}

/// Where the runs of dark modules of a row begin, and how long they are.
fn dark_runs(rows: &Grid, y: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut x = 0;
    let mut go_on_while = move |dark: bool| {
        let start = x;
        while x < rows.side() && rows.is_set(x, y) == dark {
            x += 1;
        }
        (start, x - start)
    };
    std::iter::from_fn(move || {
        go_on_while(false);
        Some(go_on_while(true)).filter(|&(_, length)| length > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TooLong;
    use crate::symbol;

    #[test]
    fn a_symbol_is_one_path_on_a_white_square() -> Result<(), TooLong> {
        let svg = draw(&symbol::encode("A")?, 4);
        assert!(
            svg.starts_with(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 29 29\" \
                 shape-rendering=\"crispEdges\"><rect width=\"29\" height=\"29\" fill=\"#fff\"/>\
                 <path stroke=\"#000\" d=\"M4 4.5h7m"
            ),
            "{svg}"
        );
        assert!(svg.ends_with("\"/></svg>"), "{svg}");
        Ok(())
    }
}
