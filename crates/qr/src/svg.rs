//! Modules to SVG: a white square, and all dark runs as horizontal strokes of one path.

use std::fmt::Write as _;

use qrcode::Color;

use crate::QUIET_ZONE;
use crate::symbol::Symbol;

pub(crate) fn draw(symbol: &Symbol) -> String {
    let side = symbol.width() + 2 * QUIET_ZONE;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path stroke=\"#000\" d=\"{}\"/></svg>",
        path(symbol)
    )
}

/// Strokes are one unit wide and lie in the middle of their row, hence the half.
fn path(symbol: &Symbol) -> String {
    let mut path = String::new();
    for (y, row) in symbol.rows().enumerate() {
        let mut x = QUIET_ZONE;
        let mut pen = None;
        for run in row.chunk_by(PartialEq::eq) {
            if run[0] == Color::Dark {
                // Writing to a `String` cannot fail.
                let _ = match pen {
                    None => write!(path, "M{x} {}.5", y + QUIET_ZONE),
                    Some(end) => write!(path, "m{} 0", x - end),
                };
                let _ = write!(path, "h{}", run.len());
                pen = Some(x + run.len());
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TooLong;

    #[test]
    fn a_symbol_is_one_path_on_a_white_square() -> Result<(), TooLong> {
        let svg = draw(&Symbol::encode("A")?);
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
