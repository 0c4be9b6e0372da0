//! Modules to SVG: a white square, and all dark runs as horizontal strokes of one path.

use std::fmt::Write as _;

use crate::grid::Grid;

pub(crate) fn draw(rows: &Grid, margin: usize) -> String {
    let side = rows.side() + 2 * margin;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path stroke=\"#000\" d=\"{}\"/></svg>",
        path(rows, margin)
    )
}

/// Strokes are one unit wide and lie in the middle of their row, hence the half.
fn path(rows: &Grid, margin: usize) -> String {
    let mut path = String::new();
    for y in 0..rows.side() {
        let mut pen = None;
        for (x, length) in dark_runs(rows, y) {
            let x = x + margin;
            // Writing to a `String` cannot fail.
            let _ = match pen {
                None => write!(path, "M{x} {}.5", y + margin),
                Some(end) => write!(path, "m{} 0", x - end),
            };
            let _ = write!(path, "h{length}");
            pen = Some(x + length);
        }
    }
    path
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
