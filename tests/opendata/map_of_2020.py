"""A community map as they were written: split by commas, drawn by numbers, nothing checked."""

import json
from datetime import datetime
from typing import Any


class MapOf2020:
    """What a map made of the two files."""

    def __init__(self, maskdata: bytes, points: bytes) -> None:
        lines = maskdata.decode("utf-8").split("\n")
        columns = lines[0].split(",")
        rows = [dict(zip(columns, line.split(","), strict=True)) for line in lines[1:-1]]
        self.stock = {row["醫事機構代碼"]: row for row in rows}
        self.points: list[dict[str, Any]] = json.loads(points)["features"]

    def markers(self) -> list[tuple[float, float, str]]:
        """Latitude, longitude and colour."""
        return [
            (*reversed(each["geometry"]["coordinates"]), self._colour(each["properties"]))
            for each in self.points
        ]

    def popup(self, code: str) -> str:
        row = self.stock[code]
        at = datetime.strptime(row["來源資料時間"] + " +0800", "%Y/%m/%d %H:%M:%S %z")
        left = int(row["成人口罩剩餘數"]) + int(row["兒童口罩剩餘數"])
        return f"{row['醫事機構名稱']} {left} {at:%H:%M}"

    def is_open(self, code: str, *, weekday: int, half: int) -> bool:
        told = next(p["properties"] for p in self.points if p["properties"]["id"] == code)
        return bool(told["service_periods"][7 * half + weekday] == "N")

    @staticmethod
    def _colour(told: dict[str, Any]) -> str:
        total = told["mask_adult"] + told["mask_child"]
        return "grey" if total == 0 else "red" if total < 50 else "green"
